//! The figures, side by side.

use std::fmt;

/// What was measured: of the bare window where that has it, and of the app.
#[derive(Debug, Default)]
pub struct Table(Vec<(String, Option<f64>, f64)>);

impl Table {
    pub fn row(&mut self, what: &str, bare: Option<f64>, app: f64) {
        self.0.push((what.to_owned(), bare, app));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<44}{:>9}{:>9}{:>8}", "", "bare", "Gardien", "ratio")?;
        for (what, bare, app) in &self.0 {
            write!(out, "{what:<44}")?;
            match bare {
                Some(bare) => writeln!(out, "{bare:>9.1}{app:>9.1}{:>8.2}", app / bare)?,
                None => writeln!(out, "{:>9}{app:>9.1}", "")?,
            }
        }
        Ok(())
    }
}

#[test]
fn a_row_has_its_ratio() {
    let mut table = Table::default();
    table.row("time", Some(100.0), 115.0);
    table.row("size", None, 9.0);
    let text = table.to_string();
    assert!(text.contains("1.15"), "{text}");
    assert_eq!(text.lines().count(), 3);
}
