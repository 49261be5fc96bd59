//! Modules that load modules: what each costs, and which of them are worth naming.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::BootImport;

/// How many modules are kept: a program that prints without end must not fill the memory.
pub(super) const MOST: usize = 50_000;
/// How many are named.
const NAMED: usize = 10;
/// From how many seconds of its own a module of the service is named beside what it loads.
const OWN: f64 = 0.001;

/// Whose a module is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Home {
    /// A package's, or the language's.
    #[default]
    Package,
    /// The service's own: what it loads says more than it does.
    Service,
}

/// A module that was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) home: Home,
    /// Seconds with all that it loads.
    pub(super) seconds: f64,
    /// Seconds of its own.
    pub(super) own: f64,
    /// What loads it; it ends later, so it comes later.
    pub(super) parent: Option<usize>,
    /// What loads it, where that has not ended.
    pub(super) by: Option<String>,
    pub(super) without_bytecode: bool,
    /// Whether something loads it, though it may not be known what.
    pub(super) is_inside: bool,
}

/// Modules in the order in which they ended: each comes after all that it loads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Forest {
    pub(super) modules: Vec<Module>,
}

impl Forest {
    /// Seconds of all that nothing else loads. Workers that load the same, do it at the same time.
    pub(super) fn seconds(&self) -> f64 {
        let mut longest = BTreeMap::<&str, f64>::new();
        let lost = self.lost();
        let is_top = |module: &&Module| {
            module.parent.is_none() && !(module.is_inside && lost.contains(&*module.name))
        };
        for module in self.modules.iter().filter(is_top) {
            let known = longest.entry(&module.name).or_default();
            *known = known.max(module.seconds);
        }
        longest.values().sum()
    }

    /// How many different modules there are.
    pub(super) fn count(&self, which: impl Fn(&Module) -> bool) -> u32 {
        let names: BTreeSet<&str> =
            self.modules.iter().filter(|m| which(m)).map(|m| m.name.as_str()).collect();
        u32::try_from(names.len()).unwrap_or(u32::MAX)
    }

    /// Seconds of their own that some modules take, each of them once.
    pub(super) fn own(&self, which: impl Fn(&Module) -> bool) -> f64 {
        let mut longest = BTreeMap::<&str, f64>::new();
        for module in self.modules.iter().filter(|m| which(m)) {
            let known = longest.entry(&module.name).or_default();
            *known = known.max(module.own);
        }
        longest.values().sum()
    }

    /// Names of which it is known what loads them. Of another worker's it may not be, and it is the same.
    fn lost(&self) -> BTreeSet<&str> {
        let known = self.modules.iter().filter(|module| module.parent.is_some());
        known.map(|module| module.name.as_str()).collect()
    }

    /// How many modules each one loads, itself included.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![1_u32; self.modules.len()];
        for (at, module) in self.modules.iter().enumerate() {
            let size = sizes[at];
            if let Some(parent) = module.parent.filter(|parent| *parent > at)
                && let Some(sum) = sizes.get_mut(parent)
            {
                *sum = sum.saturating_add(size);
            }
        }
        sizes
    }

    /// Whether each one is loaded by modules of the service alone, all the way up.
    fn shown(&self) -> Vec<bool> {
        let lost = self.lost();
        let is_known = |m: &Module| m.parent.is_some() || !m.is_inside || !lost.contains(&*m.name);
        let mut shown: Vec<bool> = self.modules.iter().map(is_known).collect();
        for (at, module) in self.modules.iter().enumerate().rev() {
            let parent = module.parent.and_then(|parent| Some((parent, self.modules.get(parent)?)));
            if let Some((above, parent)) = parent {
                shown[at] = shown[above] && parent.home == Home::Service;
            }
        }
        shown
    }

    /// The costliest, none within another: of a module of the service, it is what it loads, and what
    /// it does itself.
    pub(super) fn costliest(&self) -> Vec<BootImport> {
        let (sizes, shown) = (self.sizes(), self.shown());
        let mut found = BTreeMap::<&str, BootImport>::new();
        for (at, module) in self.modules.iter().enumerate().filter(|(at, _)| shown[*at]) {
            let import = self.import(module, sizes[at]);
            if module.home == Home::Service && sizes[at] > 1 && module.own < OWN {
                continue;
            }
            let known = found.entry(&module.name).or_default();
            if known.name.is_empty() || import.seconds > known.seconds {
                *known = import;
            }
        }
        let mut all: Vec<BootImport> = found.into_values().collect();
        all.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        all.truncate(NAMED);
        all
    }

    fn import(&self, module: &Module, size: u32) -> BootImport {
        let alone = module.home == Home::Service;
        let parent = module.parent.and_then(|parent| self.modules.get(parent));
        BootImport {
            name: module.name.clone(),
            file: module.file.clone(),
            seconds: if alone { module.own } else { module.seconds },
            own: module.own,
            modules: if alone { 1 } else { size },
            without_bytecode: module.without_bytecode,
            by: parent.map(|parent| parent.name.clone()).or_else(|| module.by.clone()),
        }
    }

    /// Makes all of it shorter or longer.
    pub(super) fn scale(&mut self, factor: f64) {
        for module in &mut self.modules {
            module.seconds *= factor;
            module.own *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, home: Home, seconds: f64, own: f64, parent: Option<usize>) -> Module {
        Module { name: name.to_owned(), home, seconds, own, parent, ..Module::default() }
    }

    #[test]
    fn of_a_module_of_the_service_it_is_what_it_loads() {
        use Home::{Package, Service};
        let forest = Forest {
            modules: vec![
                module("numpy", Package, 0.2, 0.2, Some(1)),
                module("pandas", Package, 0.5, 0.3, Some(3)),
                module("slow", Service, 0.1, 0.1, Some(3)),
                module("app", Service, 0.65, 0.05, Some(4)),
                module("main", Service, 0.65, 0.0, None),
            ],
        };
        let told: Vec<String> = forest
            .costliest()
            .iter()
            .map(|i| {
                format!(
                    "{} {} {} by {}",
                    i.name,
                    i.seconds,
                    i.modules,
                    i.by.clone().unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(told, ["pandas 0.5 2 by app", "slow 0.1 1 by app", "app 0.05 1 by main"]);
        assert!((forest.seconds() - 0.65).abs() < 1e-9);
    }

    #[test]
    fn workers_that_load_the_same_do_it_at_once() {
        let one = module("app", Home::Package, 0.4, 0.4, None);
        let other = Module { seconds: 0.5, ..one.clone() };
        let forest = Forest { modules: vec![one, other] };
        assert_eq!((forest.seconds(), forest.count(|_| true)), (0.5, 1));
        assert_eq!(forest.costliest().len(), 1);
    }

    #[test]
    fn what_another_worker_loads_is_no_other_module() {
        let inside = |parent| Module {
            is_inside: true,
            ..module("routing", Home::Package, 0.4, 0.4, parent)
        };
        let app = module("fastapi", Home::Package, 0.5, 0.1, None);
        let forest = Forest { modules: vec![inside(Some(1)), app, inside(None)] };
        assert_eq!((forest.costliest().len(), forest.seconds()), (1, 0.5));
    }

    #[test]
    fn a_chain_of_many_modules_does_no_harm() {
        let modules = (0..MOST).map(|at| module("m", Home::Service, 0.1, 0.0, Some(at + 1)));
        let forest = Forest { modules: modules.collect() };
        assert_eq!(forest.costliest().len(), 1);
    }
}
