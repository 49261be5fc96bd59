//! Releases that get no more updates, from a dated list, and the images that hold them.

use std::sync::OnceLock;

use plimsoll_model::Date;
use toml_edit::{Document, Item, Table};

use super::image_name;

/// What the data file says.
#[derive(Debug, Default)]
struct Lifetimes {
    /// When it was read.
    read: String,
    /// Images whose tags may name a distribution.
    official: Vec<String>,
    products: Vec<Product>,
}

/// A distribution or the runtime of a language.
#[derive(Debug)]
struct Product {
    name: String,
    page: String,
    images: Vec<String>,
    distribution: bool,
    ended: Vec<Release>,
}

/// A release whose end has come.
#[derive(Debug)]
struct Release {
    version: String,
    /// Words of tags for it.
    words: Vec<String>,
    end: Date,
}

/// Something in an image that gets no more updates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// What it is: `Debian 10`.
    pub(crate) name: String,
    /// The last day of its updates.
    pub(crate) end: Date,
    /// The page that says so.
    pub(crate) page: &'static str,
    /// When that was read.
    pub(crate) read: &'static str,
}

/// What an image is known to hold that gets no more updates: the runtime it is named after first.
/// Images without a tag that names a release hold nothing known.
pub(crate) fn ended(image: &str) -> Vec<Ended> {
    let data = lifetimes();
    let name = official_name(image);
    let Some(tag) = tag(image) else { return Vec::new() };
    let own = |product: &Product| product.images.iter().any(|i| i == name);
    let may_name = data.official.iter().any(|i| i == name);
    let mut found: Vec<(bool, Ended)> = Vec::new();
    for product in &data.products {
        let is_own = own(product);
        let by_word = is_own || (may_name && product.distribution);
        let holds = |release: &&Release| {
            (is_own && release.is_version_of(tag)) || (by_word && release.is_word_of(tag))
        };
        if let Some(release) = product.ended.iter().find(holds) {
            let name = format!("{} {}", product.name, release.version);
            let ended = Ended { name, end: release.end, page: &product.page, read: &data.read };
            found.push((!is_own, ended));
        }
    }
    found.sort_by_key(|(other, _)| *other);
    found.into_iter().map(|(_, ended)| ended).collect()
}

/// The name of an image, without the mirrors that hold Docker's official images under their own.
fn official_name(image: &str) -> &str {
    const MIRRORS: [&str; 2] = ["public.ecr.aws/docker/library/", "mirror.gcr.io/library/"];
    let name = image_name(image);
    MIRRORS.iter().find_map(|mirror| name.strip_prefix(mirror)).unwrap_or(name)
}

fn tag(image: &str) -> Option<&str> {
    let image = image.split('@').next()?;
    image.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag)
}

impl Release {
    /// Whether a tag begins with this version, or with a patch of it: 3.7 and 3.7.4, not 3.70.
    fn is_version_of(&self, tag: &str) -> bool {
        let first = tag.split('-').next().unwrap_or(tag);
        let rest = first.strip_prefix(self.version.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    fn is_word_of(&self, tag: &str) -> bool {
        tag.split('-').any(|part| self.words.iter().any(|word| word == part))
    }
}

fn lifetimes() -> &'static Lifetimes {
    static DATA: OnceLock<Lifetimes> = OnceLock::new();
    DATA.get_or_init(|| {
        let parsed = Document::parse(include_str!("../../data/end-of-life.toml"));
        parsed.map(|file| read(file.as_table())).unwrap_or_default()
    })
}

fn read(file: &Table) -> Lifetimes {
    let products = file.iter().filter_map(|(_, item)| product(item.as_table()?));
    Lifetimes {
        read: text(file, "read"),
        official: strings(file, "official"),
        products: products.collect(),
    }
}

fn product(table: &Table) -> Option<Product> {
    let ended = table.get("ended").and_then(Item::as_table)?;
    Some(Product {
        name: text(table, "name"),
        page: text(table, "page"),
        images: strings(table, "images"),
        distribution: table.get("distribution").and_then(Item::as_bool).unwrap_or(false),
        ended: ended.iter().filter_map(|(key, item)| release(key, item)).collect(),
    })
}

fn release(key: &str, item: &Item) -> Option<Release> {
    let mut words = key.split(' ').map(str::to_owned);
    let version = words.next()?;
    let end = item.as_str()?.parse().ok()?;
    Some(Release { version, words: words.collect(), end })
}

fn text(table: &Table, key: &str) -> String {
    table.get(key).and_then(Item::as_str).unwrap_or("").to_owned()
}

fn strings(table: &Table, key: &str) -> Vec<String> {
    let values = table.get(key).and_then(Item::as_array).into_iter().flatten();
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_and_holds_what_had_ended_by_its_day() {
        let data = lifetimes();
        let day: Date = data.read.parse().unwrap();
        assert_eq!((data.products.len(), data.official.len()), (14, 41));
        for product in &data.products {
            assert!(product.page.starts_with("https://") && !product.images.is_empty());
            assert!(!product.ended.is_empty(), "{}", product.name);
            for release in &product.ended {
                assert!(release.end <= day, "{} {}", product.name, release.version);
            }
        }
    }

    #[test]
    fn a_tag_says_what_an_image_holds() {
        for (image, want) in [
            ("python:3.7-slim-buster", "Python 3.7, Debian 10"),
            ("docker.io/library/python:3.9.1", "Python 3.9"),
            ("python:3.12-slim", ""),
            ("python:3.12-slim-buster", "Debian 10"),
            ("python:3", ""),
            ("python:latest", ""),
            ("python", ""),
            ("node:16-alpine3.15", "Node.js 16, Alpine 3.15"),
            ("node:160", ""),
            ("node:lts-gallium", "Node.js 16"),
            ("debian:buster-20200101-slim", "Debian 10"),
            ("debian:9.5", "Debian 9"),
            ("debian:bookworm", ""),
            ("ubuntu:18.04", "Ubuntu 18.04"),
            ("ubuntu:18.04@sha256:0", "Ubuntu 18.04"),
            ("ubuntu:22.04", ""),
            ("alpine:3.1", "Alpine 3.1"),
            ("alpine:3.12.1", "Alpine 3.12"),
            ("alpine:3.22", ""),
            ("alpine:3", ""),
            ("public.ecr.aws/docker/library/node:14", "Node.js 14"),
            ("mcr.microsoft.com/dotnet/aspnet:6.0-focal", ".NET 6, Ubuntu 20.04"),
            ("eclipse-temurin:21-jdk", ""),
            ("eclipse-temurin:21-jdk-focal", "Ubuntu 20.04"),
            ("quay.io/centos/centos:stream8", "CentOS Stream 8"),
            ("localhost:5000/python:3.7", ""),
            ("acme/python:3.7-buster", ""),
            ("app:buster", ""),
            ("", ""),
            (":", ""),
        ] {
            let names: Vec<String> = ended(image).into_iter().map(|e| e.name).collect();
            assert_eq!(names.join(", "), want, "{image}");
        }
    }
}
