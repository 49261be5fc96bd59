//! The state of the view: what is looked at, and which rows that gives. It draws nothing and reads
//! nothing; what changes it are the keys.

use plimsoll_model::ImageReport;
use plimsoll_oci::{Analysis, Paths, ROOT};

use super::lists::{Item, Lists};
use super::sight::{Scope, Sight};
use super::tree::{Children, Node, Order, Tree};

/// What is shown beside the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Files,
    Owners,
    Waste,
    Needless,
    Secrets,
}

impl Tab {
    pub(super) const ALL: [Self; 5] =
        [Self::Files, Self::Owners, Self::Waste, Self::Needless, Self::Secrets];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Owners => "owners",
            Self::Waste => "waste",
            Self::Needless => "needless",
            Self::Secrets => "secrets",
        }
    }

    pub(super) fn beside(self, step: usize) -> Self {
        Self::ALL[(self as usize + step) % Self::ALL.len()]
    }
}

/// What keys are for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Moving,
    /// The filter is being written.
    Typing,
    /// The keys are shown.
    Help,
}

/// The state.
pub(super) struct State<'a> {
    pub(super) report: &'a ImageReport,
    pub(super) analysis: &'a Analysis<'a>,
    pub(super) sight: Sight<'a>,
    pub(super) layer: usize,
    pub(super) scope: Scope,
    pub(super) tab: Tab,
    pub(super) mode: Mode,
    pub(super) filter: String,
    pub(super) is_done: bool,
    pub(super) tree: Tree,
    children: Children,
    lists: Lists,
    /// The rows of the list that is shown, as places in it.
    kept: Vec<usize>,
    /// Where the cursor of each view stands.
    cursors: [usize; Tab::ALL.len()],
    /// How many rows the screen has for them.
    pub(super) page: usize,
}

impl<'a> State<'a> {
    /// Begins with the files that a container sees; none where the image has no layers.
    pub(super) fn new(analysis: &'a Analysis<'a>, report: &'a ImageReport) -> Option<Self> {
        let image = analysis.view.image;
        let layer = image.layers.len().checked_sub(1)?;
        let mut state = Self {
            report,
            analysis,
            sight: Sight::new(image, layer, Scope::UpTo),
            layer,
            scope: Scope::UpTo,
            tab: Tab::Files,
            mode: Mode::Moving,
            filter: String::new(),
            is_done: false,
            tree: Tree::new(),
            children: Children::of(&image.paths),
            lists: Lists::of(report),
            kept: Vec::new(),
            cursors: [0; Tab::ALL.len()],
            page: 10,
        };
        state.lay();
        Some(state)
    }

    pub(super) fn paths(&self) -> &'a Paths {
        self.analysis.view.paths()
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        if self.tab == Tab::Files { self.tree.rows.len() } else { self.kept.len() }
    }

    /// The row that is chosen.
    pub(super) fn cursor(&self) -> usize {
        self.cursors[self.tab as usize]
    }

    /// The file or folder that is chosen.
    pub(super) fn node(&self) -> Option<Node> {
        self.tree.rows.get(self.cursor()).filter(|_| self.tab == Tab::Files).copied()
    }

    /// A row of the list.
    pub(super) fn item(&self, row: usize) -> Option<&Item> {
        self.list(self.tab).get(*self.kept.get(row)?)
    }

    /// All rows of a list, whatever the filter; the files are none.
    pub(super) fn list(&self, tab: Tab) -> &[Item] {
        match tab {
            Tab::Files => &[],
            Tab::Owners => &self.lists.owners,
            Tab::Waste => &self.lists.waste,
            Tab::Needless => &self.lists.needless,
            Tab::Secrets => &self.lists.secrets,
        }
    }

    pub(super) fn go(&mut self, row: usize) {
        self.cursors[self.tab as usize] = row.min(self.len().saturating_sub(1));
    }

    pub(super) fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.lay();
    }

    /// Makes the rows anew; the cursor stays on its file.
    fn lay(&mut self) {
        let chosen = self.node().map(|node| node.path);
        if self.tab == Tab::Files {
            let image = self.analysis.view.image;
            self.tree.lay(&image.paths, &self.children, &self.sight);
        } else {
            let wanted = self.filter.trim_start_matches('@').to_lowercase();
            let rows = self.list(self.tab).iter().enumerate();
            self.kept = rows.filter(|(_, item)| item.has(&wanted)).map(|(at, _)| at).collect();
        }
        let same = self.tree.rows.iter().position(|node| Some(node.path) == chosen);
        self.go(same.unwrap_or(self.cursor()));
    }

    pub(super) fn set_filter(&mut self, text: String) {
        self.filter = text;
        self.tree.filter(self.analysis, &self.sight, &self.filter);
        self.lay();
    }

    pub(super) fn look_at(&mut self, layer: usize, scope: Scope) {
        let layer = layer.min(self.report.layers.len().saturating_sub(1));
        if (layer, scope) == (self.layer, self.scope) {
            return;
        }
        (self.layer, self.scope) = (layer, scope);
        self.sight = Sight::new(self.analysis.view.image, layer, scope);
        self.tree.look_again(self.analysis, &self.sight, &self.filter);
        self.lay();
    }

    pub(super) fn sort(&mut self) {
        self.tree.order = match self.tree.order {
            Order::Size => Order::Name,
            Order::Name => Order::Size,
        };
        self.lay();
    }

    /// Opens or closes a folder; of a list's row, goes to its file or its files.
    pub(super) fn enter(&mut self) {
        match self.node() {
            Some(node) if node.open.is_some() => {
                self.tree.toggle(node.path);
                self.lay();
            }
            Some(_) => {}
            None => self.go_to_files(),
        }
    }

    fn go_to_files(&mut self) {
        let owner = self.item(self.cursor()).and_then(|item| item.owner.clone());
        match owner {
            Some(owner) => {
                self.tab = Tab::Files;
                self.set_filter(format!("@{owner}"));
                self.go(0);
            }
            None => self.go_to_file(),
        }
    }

    fn go_to_file(&mut self) {
        let Some(item) = self.item(self.cursor()) else { return };
        let Some(path) = item.path.as_deref().and_then(|path| self.paths().find(path)) else {
            return;
        };
        // What a later layer hides is shown where it is still there.
        let layer = item.layer.filter(|_| item.is_hidden);
        let layer = layer.unwrap_or(self.report.layers.len().saturating_sub(1));
        self.tab = Tab::Files;
        self.set_filter(String::new());
        self.look_at(layer, Scope::UpTo);
        self.tree.open_to(self.paths(), path);
        self.lay();
        let row = self.tree.rows.iter().position(|node| node.path == path);
        self.go(row.unwrap_or(0));
    }

    /// Opens a folder, or closes it or the one that it lies in.
    pub(super) fn open(&mut self, wanted: bool) {
        let Some(node) = self.node() else { return };
        match node.open {
            Some(is) if is != wanted => {
                self.tree.toggle(node.path);
                self.lay();
            }
            _ if wanted => {}
            _ => {
                let parent = self.paths().parent(node.path);
                let row = self.tree.rows.iter().position(|node| node.path == parent);
                self.go(row.filter(|_| parent != ROOT).unwrap_or(self.cursor()));
            }
        }
    }
}
