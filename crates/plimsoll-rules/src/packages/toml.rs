//! What the readers of TOML manifests share.

use plimsoll_syntax::Span;
use toml_edit::{Document, Item, TableLike, Value};

use super::Manifest;

/// Parses a document; a fault is noted in the manifest.
pub(super) fn parse<'t>(manifest: &mut Manifest, text: &'t str) -> Option<Document<&'t str>> {
    match Document::parse(text) {
        Ok(document) => Some(document),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            manifest.fail(error.message(), Span::new(span.start, span.end));
            None
        }
    }
}

/// The item at a path of keys.
pub(super) fn item<'a>(root: &'a Item, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(root, |item, key| item.as_table_like()?.get(key))
}

/// The table at a path of keys.
pub(super) fn table<'a>(root: &'a Item, path: &[&str]) -> Option<&'a dyn TableLike> {
    item(root, path).and_then(Item::as_table_like)
}

/// The entries of the table at a path of keys.
pub(super) fn entries<'a>(
    root: &'a Item,
    path: &[&str],
) -> impl Iterator<Item = (&'a str, &'a Item)> {
    table(root, path).into_iter().flat_map(TableLike::iter)
}

/// The strings of the array at a path, each with its bytes.
pub(super) fn strings<'a>(root: &'a Item, path: &[&str]) -> impl Iterator<Item = (&'a str, Span)> {
    let array = item(root, path).and_then(Item::as_array);
    array.into_iter().flat_map(|a| a.iter()).filter_map(string)
}

/// A string with its bytes, quotes included.
pub(super) fn string(value: &Value) -> Option<(&str, Span)> {
    let span = value.span()?;
    Some((value.as_str()?, Span::new(span.start, span.end)))
}

/// The string below a key with its bytes.
pub(super) fn text<'a>(table: &'a dyn TableLike, key: &str) -> Option<(&'a str, Span)> {
    table.get(key).and_then(Item::as_value).and_then(string)
}

/// Whether a key is true.
pub(super) fn truth(table: &dyn TableLike, key: &str) -> bool {
    table.get(key).and_then(Item::as_bool) == Some(true)
}

/// The bytes of a key and its value.
pub(super) fn entry_span(table: &dyn TableLike, name: &str, value: &Item) -> Option<Span> {
    let key = table.key(name).and_then(toml_edit::Key::span)?;
    let end = value.span().map_or(key.end, |s| s.end.max(key.end));
    // A table with its own header stands elsewhere than its key in a dotted path.
    Some(Span::new(key.start, end))
}
