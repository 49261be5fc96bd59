//! A container of the engine, which goes when it is let go of.

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ExecConfig, HostConfig, HostConfigLogConfig,
    PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, KillContainerOptions, LogsOptions,
    RemoveContainerOptions, StartContainerOptions, StopContainerOptions, WaitContainerOptions,
};
use futures_util::{Stream, StreamExt as _};

use super::super::process::Kept;
use super::super::{
    Cancel, Container, ContainerSpec, Ended, EngineError, ErrorKind, KEPT, Network, State, Stopped,
    scratch, time,
};
use super::ASK;
use super::api::Api;
use super::endpoint::{Endpoint, Route};

/// A container that was made.
pub(super) struct Made {
    api: Arc<Api>,
    id: String,
    address: Option<SocketAddr>,
}

/// Makes a container and starts it.
pub(super) fn start(
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
    let mut made = Made { api: Arc::clone(api), id: created.id, address: None };
    let none = None::<StartContainerOptions>;
    made.api.ask(ASK, made.api.docker.start_container(&made.id, none))?;
    if let Some(port) = spec.port {
        made.address = address(&made.inspect()?, port, &route);
    }
    Ok(made)
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
    HostConfig {
        memory,
        memory_swap: memory,
        nano_cpus: spec.cpus.map(|cpus| (cpus * 1e9).round() as i64),
        pids_limit: spec.pids.map(i64::from),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        network_mode: (spec.network == Network::None).then(|| "none".to_owned()),
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

    fn address(&self) -> Option<SocketAddr> {
        self.address
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

    fn exec(&self, program: &[&str], limit: Duration) -> Result<Ended, EngineError> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(program.iter().map(|word| (*word).to_owned()).collect()),
            ..ExecConfig::default()
        };
        let docker = &self.api.docker;
        let exec = self.api.ask(ASK, docker.create_exec(&self.id, config))?.id;
        let started = match self.api.ask(ASK, docker.start_exec(&exec, None)) {
            Err(error) if error.kind == ErrorKind::NoProgram => {
                return Ok(Ended { code: Some(127), out: String::new(), err: error.what });
            }
            other => other?,
        };
        let StartExecResults::Attached { output, .. } = started else {
            return Ok(Ended::default());
        };
        let mut ended = self.collect(limit, KEPT, output)?;
        let code = self.api.ask(ASK, docker.inspect_exec(&exec))?.exit_code;
        ended.code = code.and_then(|code| i32::try_from(code).ok());
        Ok(ended)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        // Where the engine is gone, so is the container.
        let _ = self.api.ask(ASK, self.api.docker.remove_container(&self.id, Some(options)));
    }
}
