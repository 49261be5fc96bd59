//! From an image's configuration to the program that is started, as Docker does it.
//!
//! ```
//! use plimsoll_oci::process::{Asked, Process};
//!
//! let config = serde_json::json!({"config": {"Entrypoint": ["serve"], "User": "app"}});
//! let read = |path: &str| match path {
//!     "/etc/passwd" => Ok(Some("app:x:1000:1000::/srv:/bin/sh".to_owned())),
//!     _ => Ok(None),
//! };
//! let process = Process::of(&config, &read, &Asked::default()).unwrap();
//! assert_eq!((process.user, process.home.as_str()), (1000, "/srv"));
//! ```

mod signal;
mod user;

use serde_json::Value;

use crate::Error;
use crate::descriptor::text;

/// What is asked for instead of what the image says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The program; the image's own arguments go with its own program.
    pub entrypoint: Option<&'a [String]>,
    /// Its arguments; none are as if nothing was asked.
    pub command: Option<&'a [String]>,
    /// The user: `name`, `uid`, `name:group`, `uid:gid`.
    pub user: Option<&'a str>,
}

/// What is started in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The program and its arguments.
    pub args: Vec<String>,
    /// Its environment, without what a platform adds.
    pub env: Vec<(String, String)>,
    /// Its working folder.
    pub cwd: String,
    /// Its user.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// All its groups, the first of which is `group`.
    pub groups: Vec<u32>,
    /// The home of its user; the environment may say another one.
    pub home: String,
    /// The signal that asks it to end.
    pub stop_signal: i32,
    /// The TCP ports that the image says it listens on.
    pub exposed: Vec<u16>,
}

/// Where programs are looked for if the image does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Reads a small file of the image, as a container sees it; `None` where there is none.
pub type Texts<'r> = dyn Fn(&str) -> Result<Option<String>, Error> + 'r;

impl Process {
    /// Works out what is started; `image` is the image's whole configuration.
    ///
    /// # Errors
    /// Where no program is named, or a user, a group or a signal is not known.
    pub fn of(image: &Value, read: &Texts<'_>, asked: &Asked<'_>) -> Result<Self, Error> {
        let config = image.get("config").unwrap_or(&Value::Null);
        let said = text(config, "User");
        let user = user::find(asked.user.unwrap_or(&said), read)?;
        let process = Self {
            args: args(config, asked)?,
            env: env(config, &user.home),
            cwd: format!("/{}", text(config, "WorkingDir").trim_start_matches('/')),
            user: user.uid,
            group: user.gid,
            groups: user.groups,
            home: user.home,
            stop_signal: signal::number(&text(config, "StopSignal"))?,
            exposed: exposed(config),
        };
        let has_zero = |text: &String| text.contains('\0');
        let in_env = process.env.iter().any(|(name, value)| has_zero(name) || has_zero(value));
        match in_env || has_zero(&process.cwd) || process.args.iter().any(has_zero) {
            true => Err(Error::Start("the image's command or environment holds a zero".to_owned())),
            false => Ok(process),
        }
    }
}

fn args(config: &Value, asked: &Asked<'_>) -> Result<Vec<String>, Error> {
    let asked_command = asked.command.filter(|command| !command.is_empty());
    let entrypoint = asked.entrypoint.map(<[String]>::to_vec);
    let command = match (asked_command, &entrypoint) {
        (Some(command), _) => command.to_vec(),
        // The image's arguments are for the image's program.
        (None, Some(_)) => Vec::new(),
        (None, None) => strings(config, "Cmd"),
    };
    let mut args = entrypoint.unwrap_or_else(|| strings(config, "Entrypoint"));
    // `--entrypoint ""` takes the image's away.
    if args == [""] {
        args.clear();
    }
    args.extend(command);
    match args.first().is_none_or(String::is_empty) {
        true => Err(Error::Start("the image names no program: give one".to_owned())),
        false => Ok(args),
    }
}

fn env(config: &Value, home: &str) -> Vec<(String, String)> {
    let mut env: Vec<(String, String)> = Vec::new();
    let has = |env: &[(String, String)], name: &str| env.iter().position(|one| one.0 == name);
    for said in strings(config, "Env") {
        // Without `=` it says nothing.
        let Some((name, value)) = said.split_once('=').filter(|pair| !pair.0.is_empty()) else {
            continue;
        };
        match has(&env, name) {
            Some(at) => env[at].1 = value.to_owned(),
            None => env.push((name.to_owned(), value.to_owned())),
        }
    }
    if has(&env, "PATH").is_none() {
        env.insert(0, ("PATH".to_owned(), PATH.to_owned()));
    }
    if has(&env, "HOME").is_none() {
        env.push(("HOME".to_owned(), home.to_owned()));
    }
    env
}

/// `{"8080/tcp": {}}`; without a protocol it is TCP.
fn exposed(config: &Value) -> Vec<u16> {
    let ports = config.get("ExposedPorts").and_then(Value::as_object);
    let range = |port: &str| {
        let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let (first, last) = port.split_once('-').unwrap_or((port, port));
        let range: (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        (protocol == "tcp").then_some(range.0..=range.1)
    };
    let ranges = ports.into_iter().flatten().filter_map(|(port, _)| range(port));
    ranges.flatten().collect::<std::collections::BTreeSet<u16>>().into_iter().collect()
}

fn strings(config: &Value, key: &str) -> Vec<String> {
    let all = config.get(key).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

#[cfg(target_os = "linux")]
impl crate::disk::Unpacked {
    /// What is started of the image: as it says, or as asked.
    ///
    /// # Errors
    /// Where no program is named, or a user, a group or a signal is not known.
    pub fn process(
        &self,
        entrypoint: Option<&[String]>,
        command: Option<&[String]>,
        user: Option<&str>,
    ) -> Result<Process, Error> {
        let asked = Asked { entrypoint, command, user };
        Process::of(&self.config, &|path| self.text(path), &asked)
    }
}
