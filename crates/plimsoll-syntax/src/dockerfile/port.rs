//! One word of EXPOSE, expanded: `80`, `80-90/udp`, and `ip:host:port`, which BuildKit still
//! takes but warns of.

use core::net::IpAddr;

/// A port or a range of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// Whether the protocol is not in lower case.
    pub(super) shouted: bool,
    /// Whether it names an address or a port of the host.
    pub(super) mapped: bool,
    /// What else is wrong: BuildKit warns first and then refuses.
    pub(super) error: Option<String>,
}

/// Reads a word, or says why it is refused before BuildKit warns of anything.
pub(super) fn read(text: &str) -> Result<Port, String> {
    let mut parts = text.rsplitn(3, ':');
    let container = parts.next().unwrap_or("");
    let (host, address) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let (ports, protocol) = container.split_once('/').unwrap_or((container, ""));
    if ports.is_empty() {
        return Err(format!("no port specified: {text}<empty>"));
    }
    let lower = protocol.to_lowercase();
    if !matches!(lower.as_str(), "" | "tcp" | "udp" | "sctp") {
        return Err(format!("invalid proto: {protocol}"));
    }
    let error = problem(ports, host, address);
    let mapped = !host.is_empty() || !address.is_empty();
    Ok(Port { shouted: lower != protocol, mapped, error })
}

fn problem(ports: &str, host: &str, address: &str) -> Option<String> {
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    if !address.is_empty() && bare.unwrap_or(address).parse::<IpAddr>().is_err() {
        return Some(format!("invalid IP address: {address}"));
    }
    let Some(range) = range(ports) else {
        return Some(format!("invalid containerPort: {ports}"));
    };
    if host.is_empty() {
        return None;
    }
    match self::range(host) {
        None => Some(format!("invalid hostPort: {host}")),
        Some(outer) if outer != range && range != 0 => {
            let what = "invalid ranges specified for container and host Ports";
            Some(format!("{what}: {ports} and {host}"))
        }
        Some(_) => None,
    }
}

/// How many ports a range has beyond its first.
fn range(text: &str) -> Option<u16> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    last.parse::<u16>().ok()?.checked_sub(first.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_buildkit_does() {
        let check = |text: &str, shouted: bool, mapped: bool| {
            assert_eq!(read(text), Ok(Port { shouted, mapped, error: None }), "{text}");
        };
        check("80", false, false);
        check("80/", false, false);
        check("80-90/tcp", false, false);
        check("53/UDP", true, false);
        check("127.0.0.1:80:8080/tcp", false, true);
        check("[::1]:80:80", false, true);
        check("8000-8010:80", false, true);
        let refused = |text: &str| read(text).map_or(true, |port| port.error.is_some());
        assert!(
            ["", "x", "80/foo", "90-80", "70000", "80:", "x:80", "1.2.3:1:1", "1-3:1-2"]
                .into_iter()
                .all(refused)
        );
    }
}
