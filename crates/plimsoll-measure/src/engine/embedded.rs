//! Our own runtime as an engine: it runs what a store of unpacked images has, and builds nothing.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use plimsoll_model::{BootMemory, BuildReport, EngineInfo, EngineKind};
use plimsoll_oci::disk::{Marks, Unpacked};
use plimsoll_sandbox as sandbox;
use plimsoll_sandbox::{Host, Limits, Spec};

use super::process::Kept;
use super::{
    Begun, BuildEvent, BuildRequest, Cancel, Capabilities, Container, ContainerSpec, Ended, Engine,
    EngineError, ErrorKind, Image, KEPT, Network, Reach, Ready, State, Stopped, Usage,
};

/// Plimsoll's own runtime.
pub struct Embedded {
    host: Host,
    images: Mutex<BTreeMap<String, Unpacked>>,
}

impl Embedded {
    /// The runtime of this machine. `seat` is a folder that nothing else uses; it stays empty.
    ///
    /// # Errors
    /// Where containers cannot be made here.
    pub fn open(seat: &Path) -> Result<Self, EngineError> {
        let host = Host::probe(seat).map_err(of_sandbox)?;
        Ok(Self { host, images: Mutex::default() })
    }

    /// Lets containers be made of an image, by a name.
    pub fn add(&self, name: &str, image: Unpacked) {
        self.images().insert(name.to_owned(), image);
    }

    /// What figures of it cannot be: limits that this machine does not let us set.
    #[must_use]
    pub fn caveats(&self) -> Vec<String> {
        let limited = self.host.limited();
        let why = limited.why.map_or(String::new(), |why| format!(": {why}"));
        let mut caveats = Vec::new();
        for (can, what) in [
            (limited.cpus, "CPUs are not limited, and their time is counted coarsely"),
            (limited.memory, "memory is not limited, and is that of the processes alone"),
        ] {
            if !can {
                caveats.push(format!("{what}{why}"));
            }
        }
        if !self.host.has_users() {
            let one =
                "without root a container has one user: all files of the image are that user's";
            caveats.push(one.to_owned());
        }
        caveats
    }

    fn images(&self) -> MutexGuard<'_, BTreeMap<String, Unpacked>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spec(&self, spec: &ContainerSpec) -> Result<Spec, EngineError> {
        let images = self.images();
        let unknown =
            || EngineError::new(ErrorKind::Unknown, format!("there is no image {}", spec.image));
        let image = images.get(&spec.image).ok_or_else(unknown)?;
        let process = image
            .process(spec.entrypoint.as_deref(), spec.command.as_deref(), spec.user.as_deref())
            .map_err(|error| EngineError::new(ErrorKind::NoProgram, error.to_string()))?;
        let mut env = process.env;
        for (name, value) in &spec.env {
            env.retain(|(known, _)| known != name);
            env.push((name.clone(), value.clone()));
        }
        Ok(Spec {
            layers: image.layers.clone(),
            user_marks: image.marks == Marks::User,
            args: process.args,
            env,
            cwd: process.cwd,
            user: process.user,
            group: process.group,
            groups: process.groups,
            hostname: String::new(),
            limits: Limits { cpus: spec.cpus, memory: spec.memory, pids: spec.pids },
            network: match spec.network {
                Network::Default | Network::None => sandbox::Network::Own,
                Network::Host => sandbox::Network::Host,
            },
            files: spec.files.clone(),
            kept: KEPT,
        })
    }
}

fn of_sandbox(error: sandbox::Error) -> EngineError {
    let kind = match error.kind {
        sandbox::Kind::NoProgram => ErrorKind::NoProgram,
        sandbox::Kind::Host => ErrorKind::Local,
        sandbox::Kind::Spec => ErrorKind::Refused,
    };
    EngineError { kind, what: error.what, hint: error.hint }
}

fn unable<T>(what: &str) -> Result<T, EngineError> {
    Err(EngineError::new(ErrorKind::Unable, format!("the embedded runtime {what}"))
        .hint("--engine docker takes the Docker Engine"))
}

impl Engine for Embedded {
    fn about(&self) -> EngineInfo {
        EngineInfo {
            kind: EngineKind::Embedded,
            name: "Plimsoll's runtime".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: self.host.cgroups().to_owned(),
            found: if self.host.has_users() { "root" } else { "no root" }.to_owned(),
            client: None,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            builds: false,
            named_contexts: false,
            exact_times: false,
            keeps_images: false,
            runs_containers: true,
            sees_localhost: true,
        }
    }

    fn build(
        &self,
        _: &BuildRequest<'_>,
        _: &mut dyn FnMut(BuildEvent<'_>),
        _: &Cancel,
    ) -> Result<BuildReport, EngineError> {
        unable("builds nothing")
    }

    fn image(&self, _: &str) -> Result<Image, EngineError> {
        unable("keeps no images")
    }

    fn save(&self, _: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        unable("keeps no images")
    }

    fn remove(&self, _: &str) -> Result<(), EngineError> {
        unable("keeps no images")
    }

    fn evict(&self, image: &str) -> Result<(), EngineError> {
        let unknown = || EngineError::new(ErrorKind::Unknown, format!("there is no image {image}"));
        let images = self.images();
        let image = images.get(image).ok_or_else(unknown)?;
        let done = image.evict().map_err(|error| {
            EngineError::new(ErrorKind::Local, format!("the page cache cannot be emptied: {error}"))
        });
        done.map(drop)
    }

    fn prepare(&self, spec: &ContainerSpec) -> Result<Box<dyn Ready>, EngineError> {
        let prepared = self.host.prepare(&self.spec(spec)?).map_err(of_sandbox)?;
        let (port, network) = (spec.port, spec.network);
        Ok(Box::new(Waiting { prepared, port, network }))
    }
}

struct Waiting {
    prepared: sandbox::Prepared,
    port: Option<u16>,
    network: Network,
}

impl Ready for Waiting {
    fn start(self: Box<Self>) -> Result<Box<dyn Container>, EngineError> {
        let began = SystemTime::now();
        let container = self.prepared.start().map_err(of_sandbox)?;
        let begun = Begun { at: container.started(), exec: container.exec() };
        Ok(Box::new(Running {
            id: container.name().to_owned(),
            container: Mutex::new(container),
            port: self.port,
            network: self.network,
            began,
            begun,
        }))
    }
}

struct Running {
    id: String,
    container: Mutex<sandbox::Container>,
    port: Option<u16>,
    network: Network,
    began: SystemTime,
    begun: Begun,
}

/// How long a container is waited for before it is asked whether somebody wishes to stop.
const TURN: Duration = Duration::from_millis(50);

impl Running {
    fn container(&self) -> MutexGuard<'_, sandbox::Container> {
        self.container.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, ended: Option<sandbox::Ended>) -> State {
        State {
            running: ended.is_none(),
            exit_code: ended.map(|ended| ended.code.into()),
            oom_killed: ended.is_some_and(|ended| ended.out_of_memory),
            started: Some(self.began),
        }
    }
}

impl Container for Running {
    fn id(&self) -> &str {
        &self.id
    }

    fn pid(&self) -> Option<i32> {
        self.container().pid()
    }

    fn begun(&self) -> Begun {
        self.begun
    }

    fn connect(&self, reach: Reach) -> io::Result<TcpStream> {
        let port = self.port.ok_or(io::ErrorKind::Unsupported)?;
        let reach = match (reach, self.network) {
            // What listens on localhost there, does so here.
            (Reach::Localhost, Network::Host) => return Err(io::ErrorKind::Unsupported.into()),
            (Reach::Localhost, _) => sandbox::Reach::Localhost,
            (Reach::Service, _) => sandbox::Reach::Service,
        };
        self.container().connect(port, reach)
    }

    fn usage(&self) -> Result<Usage, EngineError> {
        let used = self.container().usage();
        Ok(Usage {
            cpu: used.cpu,
            throttled: used.throttled,
            major_faults: used.major_faults,
            read: used.read,
            memory: BootMemory {
                working_set: used.memory.working_set,
                anon: used.memory.anon,
                shared: used.memory.shared,
                peak: used.memory.peak,
            },
            threads: used.threads,
        })
    }

    fn set_cpus(&self, cpus: f64) -> Result<(), EngineError> {
        self.container().set_cpus(Some(cpus)).map_err(of_sandbox)
    }

    fn state(&self) -> Result<State, EngineError> {
        Ok(self.after(self.container().wait(Duration::ZERO)))
    }

    fn wait(&self, limit: Duration, cancel: &Cancel) -> Result<State, EngineError> {
        let began = Instant::now();
        loop {
            if cancel.is_cancelled() {
                return Err(EngineError::cancelled());
            }
            let left = limit.saturating_sub(began.elapsed());
            let ended = self.container().wait(left.min(TURN));
            if ended.is_some() || left.is_zero() {
                return Ok(self.after(ended));
            }
        }
    }

    fn logs(&self, most: usize) -> Result<Ended, EngineError> {
        let mut container = self.container();
        let code = container.wait(Duration::ZERO).map(|ended| ended.code);
        let (out, err) = container.printed();
        let text = |printed: sandbox::Printed| {
            let mut kept = Kept::new(most);
            let (tail, rest) = printed.tail.as_slices();
            [&*printed.head, tail, rest].into_iter().for_each(|part| kept.push(part));
            kept.into_text()
        };
        Ok(Ended { code, out: text(out), err: text(err) })
    }

    fn signal(&self, name: &str) -> Result<(), EngineError> {
        let number = match name.trim_start_matches("SIG") {
            "HUP" => 1,
            "INT" => 2,
            "QUIT" => 3,
            "KILL" => 9,
            "USR1" => 10,
            "USR2" => 12,
            "TERM" => 15,
            "WINCH" => 28,
            other => other.parse().unwrap_or(0),
        };
        self.container().signal(number).map_err(|error| {
            EngineError::new(ErrorKind::Refused, format!("{name} cannot be sent: {error}"))
        })
    }

    fn stop(&self, grace: Duration) -> Result<Stopped, EngineError> {
        let mut container = self.container();
        let began = Instant::now();
        let before = container.wait(Duration::ZERO);
        let asked = before.or_else(|| {
            // One that ends by itself at this moment is as good.
            let _ = container.signal(15);
            container.wait(grace)
        });
        let killed = asked.is_none();
        let ended = asked.unwrap_or_else(|| container.kill());
        let took = if before.is_some() { Duration::ZERO } else { began.elapsed() };
        drop(container);
        Ok(Stopped { took, killed, state: self.after(Some(ended)) })
    }
}
