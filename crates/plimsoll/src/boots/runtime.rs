//! What runs the starts, and the images that it has.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use plimsoll_measure::engine::{self, Embedded, Engine};
use plimsoll_oci::disk::{Store, Unpacked};

use crate::failure::Failure;
use crate::images::{self, Asked};
use crate::ui;

/// What is to run them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Our own runtime, and where containers cannot be made here, an engine.
    #[default]
    Auto,
    /// Our own runtime.
    Embedded,
    /// An engine.
    Engine(engine::Choice),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "embedded" => Ok(Self::Embedded),
            _ => match text.parse() {
                Ok(choice) => Ok(Self::Engine(choice)),
                Err(why) => Err(format!("name embedded, or: {why}")),
            },
        }
    }
}

/// An image that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// What the runtime calls it.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: String,
    /// The ports that it exposes.
    pub(crate) ports: Vec<u16>,
}

/// What runs the starts.
pub(crate) enum Runtime {
    Own { embedded: Embedded, store: Store },
    Engine(Box<dyn Engine>),
}

/// How long layers are kept that no start used, and how much they may take.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
const MOST: u64 = 20 << 30;

impl Runtime {
    pub(crate) fn open(choice: &Choice) -> Result<Self, Failure> {
        match choice {
            Choice::Embedded => Self::own(),
            Choice::Engine(choice) => Self::of_engine(choice),
            Choice::Auto => Self::own().or_else(|failure| {
                let instead = Self::of_engine(&engine::Choice::Docker).map_err(|_| ());
                let why = format_args!("{}: the Docker Engine runs it instead", failure.what);
                instead.inspect(|_| ui::note(why)).map_err(|()| failure)
            }),
        }
    }

    fn own() -> Result<Self, Failure> {
        let folder = cache()?;
        let store = Store::open(&folder.join("images")).map_err(|error| {
            Failure::missing(format!("failed to open the store of images: {error}"))
        })?;
        let embedded = Embedded::open(&folder.join("seat"))?;
        // What cannot be removed now is removed another day.
        let _ = store.sweep(KEPT, MOST);
        Ok(Self::Own { embedded, store })
    }

    fn of_engine(choice: &engine::Choice) -> Result<Self, Failure> {
        let engine = engine::find(choice)?;
        match engine.capabilities().runs_containers {
            true => Ok(Self::Engine(engine)),
            false => Err(Failure::missing(format!("{} runs no containers", engine.about().name))),
        }
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        match self {
            Self::Own { embedded, .. } => embedded,
            Self::Engine(engine) => &**engine,
        }
    }

    /// What its figures cannot be.
    pub(crate) fn caveats(&self) -> Vec<String> {
        match self {
            Self::Own { embedded, .. } => embedded.caveats(),
            Self::Engine(_) => vec![
                "the Docker Engine's own work is in each start, and ports are reached through its proxy"
                    .to_owned(),
            ],
        }
    }

    /// Gets an image ready to be started.
    pub(crate) fn take(&self, reference: &str, asked: &Asked) -> Result<Held, Failure> {
        match self {
            Self::Own { embedded, store } => {
                let image = images::unpack(reference, asked, store)?;
                hold(embedded, reference, image)
            }
            Self::Engine(engine) => {
                let image = engine.image(reference)?;
                // Its ports are asked for by flags: the engine says them in its own form only.
                Ok(Held { name: reference.to_owned(), id: image.id, ports: Vec::new() })
            }
        }
    }

    /// Gets an image ready that a builder made.
    pub(crate) fn take_built(&self, builder: &dyn Engine, name: &str) -> Result<Held, Failure> {
        match self {
            Self::Own { embedded, store } => {
                let id = builder.image(name)?.id;
                let image = images::unpack_saved(builder, &id, name, store)?;
                hold(embedded, name, image)
            }
            Self::Engine(_) => self.take(name, &Asked::default()),
        }
    }
}

fn hold(embedded: &Embedded, name: &str, image: Unpacked) -> Result<Held, Failure> {
    let failed = |error| Failure::missing(format!("{name} cannot be started: {error}"));
    let process = image.process(None, None, None).map_err(failed)?;
    let held = Held { name: name.to_owned(), id: image.id.to_string(), ports: process.exposed };
    if image.skipped > 0 {
        ui::note(format_args!("{} devices and odd files of {name} are not there", image.skipped));
    }
    embedded.add(name, image);
    Ok(held)
}

/// Where unpacked images are kept: `$XDG_CACHE_HOME/plimsoll`, else `~/.cache/plimsoll`.
fn cache() -> Result<PathBuf, Failure> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let given = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let own = || Some(std::env::home_dir()?.join(".cache")).filter(|path| path.is_absolute());
    let folder = given.or_else(own).ok_or_else(|| {
        Failure::missing("there is no folder for unpacked images: HOME is not set")
            .hint("set XDG_CACHE_HOME to a folder that may hold them")
    })?;
    Ok(folder.join("plimsoll"))
}
