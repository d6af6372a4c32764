use gardien_domain::KeyFilter;
use gardien_domain::filter::Usage;
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row};

use super::JOIN;
use crate::sqlite::{Sqlite, key_filter};

/// By name, say, each use would be looked for in another place of a table that may not fit into memory.
#[tokio::test]
async fn uses_are_gone_through_in_the_order_that_they_lie_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("gardien.db"))
        .await
        .unwrap();
    for usage in [None, Some(Usage::Never), Some(Usage::Stale)] {
        for live in [false, true] {
            let filter = KeyFilter {
                usage,
                live,
                ..KeyFilter::default()
            };
            let mut query = QueryBuilder::new("EXPLAIN QUERY PLAN SELECT count(used_at) FROM keys");
            query.push(JOIN).push(" WHERE true");
            key_filter::push(&mut query, &filter, Timestamp::UNIX_EPOCH);
            let steps = query.build().fetch_all(&store.readers).await.unwrap();
            let plan: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            assert_eq!(
                plan.iter()
                    .filter(|step| !step.contains("key_uses"))
                    .collect::<Vec<_>>(),
                ["SCAN keys USING COVERING INDEX keys_by_age"],
                "{filter:?}"
            );
        }
    }
    store.writer.close().await;
}
