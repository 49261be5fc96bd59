//! `RUN --mount=`.

use super::{Errors, Piece};
use crate::Span;
use crate::dockerfile::dump::quote;

/// What a mount brings into the container of one RUN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the mount types of the Dockerfile reference")]
pub enum MountKind {
    #[default]
    Bind,
    Cache,
    Tmpfs,
    Secret,
    Ssh,
}

/// A mount of RUN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount<'a> {
    /// `type`, bind without one; `None` if it is a variable.
    pub kind: Option<MountKind>,
    /// `from`: a stage or an image instead of the context.
    pub from: Option<Piece<'a>>,
    /// `source` or `src`.
    pub source: Option<Piece<'a>>,
    /// `target`, `dst` or `destination`; without one the working directory.
    pub target: Option<Piece<'a>>,
    /// `id` of a cache, secret or ssh mount.
    pub id: Option<Piece<'a>>,
    /// `env`: the variable that holds a secret.
    pub env: Option<Piece<'a>>,
    /// `sharing` of a cache.
    pub sharing: Option<Piece<'a>>,
    /// `size` of a tmpfs.
    pub size: Option<Piece<'a>>,
    /// `mode`, octal.
    pub mode: Option<Piece<'a>>,
    /// `uid`.
    pub uid: Option<Piece<'a>>,
    /// `gid`.
    pub gid: Option<Piece<'a>>,
    /// `readonly`, `ro`, `readwrite` or `rw`: what it says about writing.
    pub writable: Option<bool>,
    /// `required`: without the secret the build fails.
    pub required: bool,
    /// The value of the flag.
    pub span: Span,
}

impl<'a> Mount<'a> {
    /// The parts whose variables the builder expands.
    pub(in crate::dockerfile) fn words(&self) -> impl Iterator<Item = Piece<'a>> {
        let files = [self.source, self.target, self.id, self.env];
        let rest = [self.sharing, self.size, self.mode, self.uid, self.gid];
        files.into_iter().chain(rest).flatten()
    }
}

/// Reads a mount, with what BuildKit refuses in it.
pub(super) fn read<'a>(value: Piece<'a>, errors: &mut Errors<'_>) -> Mount<'a> {
    let kind = Some(MountKind::Bind);
    let mut mount = Mount { kind, span: value.span, ..Mount::default() };
    for field in fields(value) {
        if let Err(message) = set(&mut mount, field) {
            errors.push_at(message, field.span);
        }
    }
    if let Err(message) = whole(&mount) {
        errors.push_at(message, mount.span);
    }
    mount
}

/// The fields between commas; one in double quotes may hold commas.
pub(in crate::dockerfile) fn fields(value: Piece<'_>) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let ends = value.text.char_indices().map(|(at, c)| (at, Some(c)));
    for (at, c) in ends.chain([(value.text.len(), None)]) {
        quoted ^= c == Some('"');
        if c.is_none() || (c == Some(',') && !quoted) {
            let field = value.part(start, at);
            let whole = field.text.len() > 1;
            let bare = whole && field.text.starts_with('"') && field.text.ends_with('"');
            found.push(if bare { field.part(1, field.text.len() - 1) } else { field });
            start = at + 1;
        }
    }
    found
}

/// Takes one field into the mount.
fn set<'a>(mount: &mut Mount<'a>, field: Piece<'a>) -> Result<(), String> {
    let Some(equals) = field.text.find('=') else { return set_bare(mount, field) };
    let key = field.part(0, equals).text.to_ascii_lowercase();
    let value = field.part(equals + 1, field.text.len());
    let variable = value.text.contains('$');
    let unexpected = format!("unexpected key '{key}' for mount type '{}'", shown(mount.kind));
    match key.as_str() {
        "type" => mount.kind = kind(value.text)?,
        "from" if variable && !value.text.ends_with('$') => {
            let what = "doesn't support variable expansion, define alias stage instead";
            return Err(format!("'{key}' {what}"));
        }
        "from" => mount.from = Some(value),
        "source" | "src" => mount.source = Some(value),
        "target" | "dst" | "destination" => mount.target = Some(value),
        "readonly" | "ro" => mount.writable = boolean(&key, value)?.map(|value| !value),
        "readwrite" | "rw" => mount.writable = boolean(&key, value)?,
        "required" if takes_required(mount.kind) => {
            mount.required = boolean(&key, value)?.unwrap_or(false);
        }
        "required" => return Err(unexpected),
        "size" if matches!(mount.kind, None | Some(MountKind::Tmpfs)) => {
            mount.size = Some(value);
            check(value, variable || is_size(value.text), "size")?;
        }
        "size" => return Err(unexpected),
        "id" => mount.id = Some(value),
        "env" => mount.env = Some(value),
        "sharing" => {
            let known = ["shared", "private", "locked"];
            mount.sharing = Some(value);
            if !variable && !known.contains(&value.text.to_ascii_lowercase().as_str()) {
                return Err(format!("unsupported sharing value {}", quote(value.text)));
            }
        }
        "mode" => {
            mount.mode = Some(value);
            check(value, variable || u32::from_str_radix(value.text, 8).is_ok(), "mode")?;
        }
        "uid" | "gid" => {
            let slot = if key == "uid" { &mut mount.uid } else { &mut mount.gid };
            *slot = Some(value);
            check(value, variable || value.text.parse::<u32>().is_ok(), &key)?;
        }
        _ => return Err(format!("unexpected key '{key}' in '{}'", field.text)),
    }
    Ok(())
}

/// Takes a field without a value.
fn set_bare<'a>(mount: &mut Mount<'a>, field: Piece<'a>) -> Result<(), String> {
    match field.text.to_ascii_lowercase().as_str() {
        "readonly" | "ro" => mount.writable = Some(false),
        "readwrite" | "rw" => mount.writable = Some(true),
        "required" if takes_required(mount.kind) => mount.required = true,
        "required" => {
            let kind = shown(mount.kind);
            return Err(format!("unexpected key 'required' for mount type '{kind}'"));
        }
        _ => return Err(format!("invalid field '{}' must be a key=value pair", field.text)),
    }
    Ok(())
}

/// What no single field shows.
fn whole(mount: &Mount<'_>) -> Result<(), String> {
    let Some(kind) = mount.kind else { return Ok(()) };
    let name = shown(mount.kind);
    if !matches!(kind, MountKind::Secret | MountKind::Ssh | MountKind::Cache) {
        let file = [("mode", mount.mode), ("uid", mount.uid), ("gid", mount.gid)];
        if let Some((key, _)) = file.iter().find(|(_, value)| value.is_some()) {
            return Err(format!("{key} not allowed for {} type mounts", quote(name)));
        }
    }
    if mount.sharing.is_some() && kind != MountKind::Cache {
        return Err(format!("invalid cache sharing set for {name} mount"));
    }
    if kind == MountKind::Secret {
        if mount.from.is_some() {
            return Err("secret mount should not have a from".to_owned());
        }
        if mount.source.is_none() && mount.target.is_none() && mount.id.is_none() {
            return Err("invalid secret mount. one of source, target required".to_owned());
        }
        if mount.source.is_some() && mount.id.is_some() {
            return Err("both source and id can't be set".to_owned());
        }
    }
    Ok(())
}

fn kind(value: &str) -> Result<Option<MountKind>, String> {
    Ok(Some(match value {
        "bind" => MountKind::Bind,
        "cache" => MountKind::Cache,
        "tmpfs" => MountKind::Tmpfs,
        "secret" => MountKind::Secret,
        "ssh" => MountKind::Ssh,
        value if value.contains('$') => return Ok(None),
        value => return Err(format!("unsupported mount type {}", quote(value))),
    }))
}

fn shown(kind: Option<MountKind>) -> &'static str {
    match kind {
        Some(MountKind::Bind) => "bind",
        Some(MountKind::Cache) => "cache",
        Some(MountKind::Tmpfs) => "tmpfs",
        Some(MountKind::Secret) => "secret",
        Some(MountKind::Ssh) => "ssh",
        None => "?",
    }
}

fn takes_required(kind: Option<MountKind>) -> bool {
    matches!(kind, None | Some(MountKind::Secret | MountKind::Ssh))
}

fn check(value: Piece<'_>, valid: bool, key: &str) -> Result<(), String> {
    if valid { Ok(()) } else { Err(format!("invalid value {} for {key}", value.text)) }
}

fn boolean(key: &str, value: Piece<'_>) -> Result<Option<bool>, String> {
    match value.text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Some(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Some(false)),
        text if text.contains('$') => Ok(None),
        text => Err(format!("invalid value for {key}: {text}")),
    }
}

/// A size such as `64m` or `1.5 GiB`.
fn is_size(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end_matches(' ');
    let unit = text[number.len()..].trim_start().to_ascii_lowercase();
    let scale = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(&unit);
    number.parse::<f64>().is_ok_and(|n| n >= 0.0)
        && matches!(scale, "" | "k" | "m" | "g" | "t" | "p")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepts, refuses};

    #[test]
    fn mounts_take_the_keys_of_their_type() {
        accepts("RUN --mount=target=/m,rw a");
        accepts("RUN --mount=type=cache,target=/c,sharing=locked,id=a,mode=0755,uid=0 a");
        accepts("RUN --mount=type=secret,id=a,env=TOKEN,required a");
        accepts("RUN --mount=type=ssh a");
        accepts("RUN --mount=type=tmpfs,target=/t,size=64m a");
        accepts("RUN --mount=type=cache,target=$HOME/.cache,uid=${UID} a");
    }

    #[test]
    fn wrong_mounts_are_refused() {
        refuses("RUN --mount=type=disk a", "unsupported mount type \"disk\"");
        refuses("RUN --mount=type=bind,foo=1 a", "unexpected key 'foo' in 'foo=1'");
        refuses("RUN --mount=type=bind,foo a", "invalid field 'foo' must be a key=value pair");
        refuses("RUN --mount=from=$X,target=/a a", "'from' doesn't support variable expansion");
        refuses("RUN --mount=type=secret a", "one of source, target required");
        refuses("RUN --mount=target=/a,mode=1 a", "mode not allowed for \"bind\" type mounts");
        refuses("RUN --mount=target=/a,sharing=shared a", "invalid cache sharing set for bind");
        refuses("RUN --mount=type=cache,sharing=all a", "unsupported sharing value \"all\"");
        refuses("RUN --mount=type=cache,required a", "unexpected key 'required'");
    }
}
