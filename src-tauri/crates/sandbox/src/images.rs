//! Pictures of a record. Their bytes lie in documents of their own, so that listings stay small.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gardien_store::{Documents, StoreError};
use serde_json::{Value, json};

use crate::fields::{FieldErrors, Fields, fields};

/// Name of the pictures in the store.
pub(crate) const IMAGES: &str = "images";

/// The record's field that holds the ids of its pictures.
const HELD: &str = "images";

/// Bytes of a picture. Phare's own limit is not known.
const LARGEST: usize = 2 * 1024 * 1024;

/// The text that removes a picture.
const REMOVE: &str = "false";

/// A field that takes a picture, and the kinds it takes.
pub(crate) type Image = (&'static str, &'static [&'static str]);

/// The kind of a picture, told by its bytes: clients declare none.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("png");
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some("jpeg");
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with('<') && text.contains("<svg")).then_some("svg")
}

/// Complains about what is no picture that the field takes.
pub(crate) fn check(
    images: &[Image],
    record: &Fields,
    files: &[(String, Bytes)],
    errors: &mut FieldErrors,
) {
    for (field, kinds) in images {
        let text = record.get(*field).and_then(Value::as_str);
        if text.is_some_and(|text| text != REMOVE) {
            errors.complain(field, "must be an image.");
        }
        for (_, bytes) in files.iter().filter(|(name, _)| name == field) {
            if !kind(bytes).is_some_and(|kind| kinds.contains(&kind)) {
                let kinds = kinds.join(", ");
                errors.complain(field, format!("must be a file of type: {kinds}."));
            } else if bytes.len() > LARGEST {
                let most = LARGEST / 1024;
                let complaint = format!("must not be greater than {most} kilobytes.");
                errors.complain(field, complaint);
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
) -> Result<(), StoreError> {
    if images.is_empty() {
        return Ok(());
    }
    let mut held = fields(record.remove(HELD).unwrap_or_default());
    for (field, _) in images {
        let removed = record.remove(*field).is_some_and(|text| text == REMOVE);
        let file = files.iter().rev().find(|(name, _)| name == field);
        if !removed && file.is_none() {
            continue;
        }
        let before = held.shift_remove(*field).and_then(|id| id.as_i64());
        if let Some((_, bytes)) = file {
            let picture = json!({ "bytes": STANDARD.encode(bytes) });
            let stored = documents.insert(IMAGES, project, &picture).await?;
            held.insert((*field).into(), json!(stored.id));
        }
        if let Some(before) = before {
            documents.delete(IMAGES, before).await?;
        }
    }
    record.insert(HELD.into(), Value::Object(held));
    Ok(())
}

/// Removes the pictures of a record that goes.
pub(crate) async fn drop_all(documents: &dyn Documents, record: &Value) -> Result<(), StoreError> {
    let held = record[HELD].as_object().into_iter().flatten();
    for id in held.filter_map(|(_, id)| id.as_i64()) {
        documents.delete(IMAGES, id).await?;
    }
    Ok(())
}
