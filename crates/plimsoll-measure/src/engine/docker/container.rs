//! A container of the engine, which goes when it is let go of.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::models::{
    ContainerBlkioStatEntry, ContainerCreateBody, ContainerInspectResponse, ContainerStatsResponse,
    ContainerUpdateBody, HostConfig, HostConfigLogConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, KillContainerOptions, LogsOptions,
    RemoveContainerOptions, StartContainerOptions, StatsOptions, StopContainerOptions,
    UploadToContainerOptions, WaitContainerOptions,
};
use futures_util::{Stream, StreamExt as _};
use plimsoll_model::BootMemory;

use super::super::process::Kept;
use super::super::{
    Begun, Cancel, Container, ContainerSpec, Ended, EngineError, ErrorKind, Network, Reach, Ready,
    State, Stopped, Usage, http, scratch, time,
};
use super::ASK;
use super::api::Api;
use super::endpoint::{Endpoint, Route};

/// A container that was made.
pub(super) struct Made {
    api: Arc<Api>,
    id: String,
    port: Option<(u16, Route)>,
    address: Option<SocketAddr>,
    begun: Begun,
}

/// Makes a container.
pub(super) fn create(
    api: &Arc<Api>,
    endpoint: &Endpoint,
    spec: &ContainerSpec,
) -> Result<Made, EngineError> {
    if spec.port.is_some() && spec.network == Network::None {
        let what = "a container without network has no port that can be reached";
        return Err(EngineError::new(ErrorKind::Refused, what));
    }
    let name = format!("plimsoll-{}", scratch::unique());
    let options = CreateContainerOptions { name: Some(name), ..CreateContainerOptions::default() };
    let route = endpoint.route()?;
    let created = api.ask(ASK, api.docker.create_container(Some(options), body(spec, &route)))?;
    // From here on dropping it removes the container.
    let begun = Begun { at: Instant::now(), exec: Duration::ZERO };
    let port = spec.port.map(|port| (port, route));
    let made = Made { api: Arc::clone(api), id: created.id, port, address: None, begun };
    if !spec.files.is_empty() {
        made.put(&spec.files)?;
    }
    Ok(made)
}

impl Ready for Made {
    fn start(mut self: Box<Self>) -> Result<Box<dyn Container>, EngineError> {
        self.begun.at = Instant::now();
        let none = None::<StartContainerOptions>;
        self.api.ask(ASK, self.api.docker.start_container(&self.id, none))?;
        self.begun.exec = self.begun.at.elapsed();
        if let Some((port, route)) = &self.port {
            self.address = address(&self.inspect()?, *port, route);
        }
        Ok(self)
    }
}

fn body(spec: &ContainerSpec, route: &Route) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint: spec.entrypoint.clone(),
        cmd: spec.command.clone(),
        env: Some(spec.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        user: spec.user.clone(),
        exposed_ports: spec.port.map(|port| vec![format!("{port}/tcp")]),
        host_config: Some(limits(spec, route)),
        labels: Some(HashMap::from([("dev.plimsoll".to_owned(), String::new())])),
        ..ContainerCreateBody::default()
    }
}

fn limits(spec: &ContainerSpec, route: &Route) -> HostConfig {
    let memory = spec.memory.map(|memory| i64::try_from(memory).unwrap_or(i64::MAX));
    // A program that prints without end must not fill the engine's disk.
    let bounds = [("max-size", "64m"), ("max-file", "1")];
    let mode = match spec.network {
        Network::Default => None,
        Network::None => Some("none"),
        Network::Host => Some("host"),
    };
    HostConfig {
        memory,
        memory_swap: memory,
        nano_cpus: spec.cpus.map(|cpus| (cpus * 1e9).round() as i64),
        pids_limit: spec.pids.map(i64::from),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        network_mode: mode.map(str::to_owned),
        port_bindings: spec
            .port
            .map(|port| HashMap::from([(format!("{port}/tcp"), Some(vec![binding(route)]))])),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(bounds.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
        }),
        ..HostConfig::default()
    }
}

/// Any free port; of an engine on this machine nobody else is to reach it.
fn binding(route: &Route) -> PortBinding {
    let ip = if matches!(route, Route::Unix(_)) { "127.0.0.1" } else { "0.0.0.0" };
    PortBinding { host_ip: Some(ip.to_owned()), host_port: Some("0".to_owned()) }
}

fn address(found: &ContainerInspectResponse, port: u16, route: &Route) -> Option<SocketAddr> {
    let ports = found.network_settings.as_ref()?.ports.as_ref()?;
    let bound = ports.get(&format!("{port}/tcp"))?.as_ref()?.first()?;
    let port: u16 = bound.host_port.as_ref()?.parse().ok()?;
    match route {
        Route::Unix(_) => Some(SocketAddr::from(([127, 0, 0, 1], port))),
        Route::Tcp(at) => {
            let host = at.rsplit_once(':').map_or(at.as_str(), |(host, _)| host);
            (host, port).to_socket_addrs().ok()?.next()
        }
    }
}

impl Made {
    /// Puts files into it before it starts.
    fn put(&self, files: &[(String, Vec<u8>)]) -> Result<(), EngineError> {
        let mut archive = tar::Builder::new(Vec::new());
        let full = |error| EngineError::local("failed to pack a file", &error);
        for (path, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            let path = path.trim_start_matches('/');
            archive.append_data(&mut header, path, &**bytes).map_err(full)?;
        }
        let body = bollard::body_full(archive.into_inner().map_err(full)?.into());
        let to = UploadToContainerOptions { path: "/".to_owned(), ..Default::default() };
        self.api.ask(ASK, self.api.docker.upload_to_container(&self.id, Some(to), body))
    }

    fn inspect(&self) -> Result<ContainerInspectResponse, EngineError> {
        let options = None::<InspectContainerOptions>;
        self.api.ask(ASK, self.api.docker.inspect_container(&self.id, options))
    }

    /// Both streams of some output, as much as is kept of each.
    fn collect<S>(&self, limit: Duration, most: usize, output: S) -> Result<Ended, EngineError>
    where
        S: Stream<Item = Result<LogOutput, bollard::errors::Error>>,
    {
        let (mut out, mut err) = (Kept::new(most), Kept::new(most));
        let all = async {
            let mut output = Box::pin(output);
            while let Some(part) = output.next().await {
                match part? {
                    LogOutput::StdErr { message } => err.push(&message),
                    other => out.push(&other.into_bytes()),
                }
            }
            Ok(())
        };
        self.api.ask(limit, all)?;
        Ok(Ended { code: None, out: out.into_text(), err: err.into_text() })
    }
}

impl Container for Made {
    fn id(&self) -> &str {
        &self.id
    }

    fn pid(&self) -> Option<i32> {
        // An engine that is reached by its socket runs here, or in a machine of its own, whose
        // numbers mean something else: then this one has no such container.
        let here = matches!(self.port, Some((_, Route::Unix(_))));
        let pid = here.then(|| self.inspect().ok()?.state?.pid).flatten()?;
        let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        groups.contains(&self.id).then_some(pid)
    }

    fn begun(&self) -> Begun {
        self.begun
    }

    fn connect(&self, reach: Reach) -> io::Result<TcpStream> {
        match (reach, self.address) {
            (Reach::Service, Some(address)) => http::open(address),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn usage(&self) -> Result<Usage, EngineError> {
        let options = StatsOptions { stream: false, one_shot: true };
        let mut stats = Box::pin(self.api.docker.stats(&self.id, Some(options)));
        let gone = || EngineError::new(ErrorKind::Lost, "the engine says of it no figures");
        let figures = async { stats.next().await.transpose() };
        self.api.ask(ASK, figures)?.map(|figures| usage(&figures)).ok_or_else(gone)
    }

    fn set_cpus(&self, cpus: f64) -> Result<(), EngineError> {
        let nano_cpus = Some((cpus * 1e9).round() as i64);
        let body = ContainerUpdateBody { nano_cpus, ..ContainerUpdateBody::default() };
        self.api.ask(ASK, self.api.docker.update_container(&self.id, body))
    }

    fn state(&self) -> Result<State, EngineError> {
        let state = self.inspect()?.state.unwrap_or_default();
        let running = state.running.unwrap_or(false);
        Ok(State {
            running,
            exit_code: state.exit_code.filter(|_| !running),
            oom_killed: state.oom_killed.unwrap_or(false),
            started: state.started_at.as_deref().and_then(time::parse),
        })
    }

    fn wait(&self, limit: Duration, cancel: &Cancel) -> Result<State, EngineError> {
        let mut ends =
            Box::pin(self.api.docker.wait_container(&self.id, None::<WaitContainerOptions>));
        // How it ended is asked for below: the answer to this has half of it.
        let end = async {
            ends.next().await;
            Ok(())
        };
        match self.api.ask_until(limit, cancel, end) {
            Err(error) if error.kind != ErrorKind::TimedOut => return Err(error),
            _ => {}
        }
        let state = self.state()?;
        if state.exit_code == Some(137) && !state.oom_killed {
            // That memory ran out is told by another messenger, a moment later.
            std::thread::sleep(Duration::from_millis(100));
            return self.state();
        }
        Ok(state)
    }

    fn logs(&self, most: usize) -> Result<Ended, EngineError> {
        let options = LogsOptions { stdout: true, stderr: true, ..LogsOptions::default() };
        let mut ended = self.collect(ASK, most, self.api.docker.logs(&self.id, Some(options)))?;
        ended.code = self.state()?.exit_code.and_then(|code| i32::try_from(code).ok());
        Ok(ended)
    }

    fn signal(&self, name: &str) -> Result<(), EngineError> {
        let options = KillContainerOptions { signal: name.to_owned() };
        self.api.ask(ASK, self.api.docker.kill_container(&self.id, Some(options)))
    }

    fn stop(&self, grace: Duration) -> Result<Stopped, EngineError> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptions { t: Some(seconds), ..StopContainerOptions::default() };
        let begun = Instant::now();
        self.api.ask(grace + ASK, self.api.docker.stop_container(&self.id, Some(options)))?;
        let took = begun.elapsed();
        let state = self.state()?;
        let killed = state.exit_code == Some(137) && took >= Duration::from_secs(grace.as_secs());
        Ok(Stopped { took, killed, state })
    }
}

fn usage(figures: &ContainerStatsResponse) -> Usage {
    let cpu = figures.cpu_stats.as_ref();
    let total = cpu.and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage).unwrap_or(0);
    let throttling = cpu.and_then(|cpu| cpu.throttling_data.as_ref());
    let memory = figures.memory_stats.as_ref();
    // The names are those of cgroup v1, or those of v2.
    let of = |v1: &str, v2: &str| {
        let stats = memory.and_then(|memory| memory.stats.as_ref());
        stats.and_then(|stats| stats.get(v1).or_else(|| stats.get(v2))).copied()
    };
    let used = memory.and_then(|memory| memory.usage).unwrap_or(0);
    let reads = figures.blkio_stats.as_ref().and_then(|s| s.io_service_bytes_recursive.as_ref());
    let is_read =
        |op: &Option<String>| op.as_ref().is_some_and(|op| op.eq_ignore_ascii_case("read"));
    let read = |reads: &Vec<_>| {
        let reads = reads.iter().filter(|entry: &&ContainerBlkioStatEntry| is_read(&entry.op));
        reads.filter_map(|entry| entry.value).sum()
    };
    Usage {
        cpu: Duration::from_nanos(total),
        throttled: throttling.and_then(|t| t.throttled_time).map(Duration::from_nanos),
        major_faults: of("total_pgmajfault", "pgmajfault"),
        read: reads.map(read),
        memory: BootMemory {
            working_set: used
                .saturating_sub(of("total_inactive_file", "inactive_file").unwrap_or(0)),
            anon: of("total_rss", "anon").unwrap_or(0),
            shared: of("total_shmem", "shmem").unwrap_or(0),
            peak: memory.and_then(|memory| memory.max_usage).filter(|peak| *peak > 0),
        },
        threads: figures
            .pids_stats
            .as_ref()
            .and_then(|pids| pids.current)
            .and_then(|count| u32::try_from(count).ok()),
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        // Where the engine is gone, so is the container.
        let _ = self.api.ask(ASK, self.api.docker.remove_container(&self.id, Some(options)));
    }
}
