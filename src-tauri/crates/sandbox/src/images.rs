//! Pictures of a record. Their bytes lie in documents of their own, so that listings stay small.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gardien_store::Documents;
use serde_json::{Value, json};

use crate::answers::Refusal;
use crate::collection::Fields;
use crate::validate::FieldErrors;

/// Name of the pictures in the store.
pub(crate) const IMAGES: &str = "images";

/// The record's field that holds the ids of its pictures.
const HELD: &str = "images";

/// Bytes of a picture. Phare's own limit is not known.
const LARGEST: usize = 2 * 1024 * 1024;

/// The text that removes a picture.
const REMOVE: &str = "false";

/// A field that takes a picture.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) field: &'static str,
    pub(crate) kinds: &'static [Kind],
}

/// Kinds of picture, told apart by their bytes: clients declare none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Jpeg,
    Png,
    Svg,
}

impl Kind {
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.trim_start_matches('\u{feff}').trim_start();
        (text.starts_with('<') && text.contains("<svg")).then_some(Self::Svg)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }
}

/// Complains about what is no picture that the field takes.
pub(crate) fn check(
    images: &[Image],
    record: &Fields,
    files: &[(String, Bytes)],
    errors: &mut FieldErrors,
) {
    for image in images {
        let mut complain = |complaint: &str| {
            let attribute = image.field.replace('_', " ");
            errors.push(image.field, format!("The {attribute} field {complaint}"));
        };
        let text = record.get(image.field).and_then(Value::as_str);
        if text.is_some_and(|text| text != REMOVE) {
            complain("must be an image.");
        }
        for (_, bytes) in files.iter().filter(|(name, _)| name == image.field) {
            if !Kind::of(bytes).is_some_and(|kind| image.kinds.contains(&kind)) {
                let kinds: Vec<_> = image.kinds.iter().map(|kind| kind.name()).collect();
                complain(&format!("must be a file of type: {}.", kinds.join(", ")));
            } else if bytes.len() > LARGEST {
                complain(&format!(
                    "must not be greater than {} kilobytes.",
                    LARGEST / 1024
                ));
            }
        }
    }
}

/// Stores, replaces and removes pictures as `record` and `files` have it; the record keeps their ids only.
pub(crate) async fn keep(
    documents: &dyn Documents,
    project: Option<i64>,
    images: &[Image],
    record: &mut Fields,
    files: &[(String, Bytes)],
) -> Result<(), Refusal> {
    if images.is_empty() {
        return Ok(());
    }
    let mut held = match record.remove(HELD) {
        Some(Value::Object(held)) => held,
        _ => Fields::new(),
    };
    for image in images {
        let removed = record
            .remove(image.field)
            .is_some_and(|text| text == REMOVE);
        let file = files.iter().rev().find(|(name, _)| name == image.field);
        let before = held.get(image.field).and_then(Value::as_i64);
        if let Some((_, bytes)) = file {
            let picture = json!({ "bytes": STANDARD.encode(bytes) });
            let stored = documents.insert(IMAGES, project, &picture).await?;
            held.insert(image.field.into(), json!(stored.id));
        } else if removed {
            held.shift_remove(image.field);
        }
        if let Some(before) = before.filter(|_| removed || file.is_some()) {
            documents.delete(IMAGES, before).await?;
        }
    }
    record.insert(HELD.into(), Value::Object(held));
    Ok(())
}

/// Removes the pictures of a record that goes.
pub(crate) async fn drop_all(documents: &dyn Documents, record: &Value) -> Result<(), Refusal> {
    let held = record[HELD].as_object().into_iter().flatten();
    for id in held.filter_map(|(_, id)| id.as_i64()) {
        documents.delete(IMAGES, id).await?;
    }
    Ok(())
}
