//! The report's lists as rows: owners, waste, what is needless, secrets.

use plimsoll_model::{ImageReport, NeedlessPath, Owner, SecretFound, WastedFile, count};

/// A row of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) bytes: Option<u64>,
    pub(super) name: String,
    /// What is said of it beside its name.
    pub(super) note: String,
    /// The file or folder it is, without a slash before it, where it is one.
    pub(super) path: Option<String>,
    /// The package it is, as a filter of files knows it.
    pub(super) owner: Option<String>,
    /// The layer that has it.
    pub(super) layer: Option<usize>,
    /// Whether a later layer hides it.
    pub(super) is_hidden: bool,
    /// Whether it belongs to the row above it.
    pub(super) is_part: bool,
}

impl Item {
    /// Whether it has a text in it, whatever the case.
    pub(super) fn has(&self, lower: &str) -> bool {
        let texts = [Some(&self.name), Some(&self.note), self.owner.as_ref()];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(lower))
    }
}

/// The lists of a report.
pub(super) struct Lists {
    pub(super) owners: Vec<Item>,
    pub(super) waste: Vec<Item>,
    pub(super) needless: Vec<Item>,
    pub(super) secrets: Vec<Item>,
}

impl Lists {
    pub(super) fn of(report: &ImageReport) -> Self {
        let needless = report.needless.iter().flat_map(|one| {
            let files = format!("{} files", count(one.files as f64));
            let name = one.kind.name().to_owned();
            let head = Item { bytes: Some(one.bytes), name, note: files, ..Item::default() };
            std::iter::once(head).chain(one.largest.iter().map(needless))
        });
        Self {
            owners: report.owners.iter().map(owner).collect(),
            waste: report.waste.largest.iter().map(wasted).collect(),
            needless: needless.collect(),
            secrets: report.secrets.iter().map(secret).collect(),
        }
    }
}

fn owner(owner: &Owner) -> Item {
    let is_folder = owner.kind == plimsoll_model::OwnerKind::Folder;
    let version = owner.version.as_deref().map_or(String::new(), |v| format!(" {v}"));
    Item {
        bytes: Some(owner.bytes),
        name: if is_folder {
            format!("/{}", owner.name)
        } else {
            format!("{}{version}", owner.name)
        },
        note: format!("{}, {} files", owner.kind.name(), count(owner.files as f64)),
        path: is_folder.then(|| owner.name.clone()),
        owner: (!is_folder).then(|| format!("{} {}{version}", owner.kind.name(), owner.name)),
        layer: Some(owner.layer),
        is_hidden: false,
        is_part: false,
    }
}

fn wasted(file: &WastedFile) -> Item {
    let how = if file.deleted { "deleted" } else { "replaced" };
    let files = if file.files == 1 {
        String::new()
    } else {
        format!("{} files, ", count(file.files as f64))
    };
    Item {
        bytes: Some(file.bytes),
        name: format!("/{}", file.path),
        note: format!("{files}{how} by layer {}", file.by),
        path: Some(file.path.clone()),
        owner: None,
        layer: Some(file.layer),
        is_hidden: true,
        is_part: false,
    }
}

fn needless(path: &NeedlessPath) -> Item {
    Item {
        bytes: Some(path.bytes),
        name: format!("/{}", path.path),
        note: path.owner.clone().unwrap_or_default(),
        path: Some(path.path.clone()),
        owner: None,
        layer: Some(path.layer),
        is_hidden: false,
        is_part: true,
    }
}

fn secret(secret: &SecretFound) -> Item {
    let line = secret.line.map_or(String::new(), |line| format!(":{line}"));
    let look = if secret.certain { "" } else { ", by its look" };
    let hidden = if secret.hidden { ", hidden by a later layer and still there" } else { "" };
    // Those of the configuration are in no file.
    let slash = if secret.layer.is_some() { "/" } else { "" };
    Item {
        bytes: None,
        name: format!("{slash}{}{line}", secret.path),
        note: format!("{}{look}{hidden}", secret.what),
        path: secret.layer.map(|_| secret.path.clone()),
        owner: None,
        layer: secret.layer,
        is_hidden: secret.hidden,
        is_part: false,
    }
}
