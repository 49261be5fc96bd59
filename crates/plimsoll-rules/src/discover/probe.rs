//! Probes as `gcloud` writes them: `httpGet.path=/ready,periodSeconds=5`.

use super::types::Probe;
use crate::repo::Fact;

/// Reads the value of `--startup-probe` and its kin.
pub(super) fn of_flag(flag: &Fact<String>) -> Probe {
    let get = |key: &str| {
        let mut parts = flag.value.split(',').filter_map(|p| p.trim().split_once('='));
        parts.find(|(k, _)| *k == key).map(|(_, v)| v.to_owned())
    };
    let number = |key: &str| get(key).and_then(|v| v.trim_end_matches('s').parse().ok());
    let kinds = [("httpGet", "http"), ("tcpSocket", "tcp"), ("grpc", "grpc")];
    let kind = kinds.iter().find(|(key, _)| flag.value.contains(key)).map_or("", |(_, kind)| kind);
    Probe {
        at: flag.at.clone(),
        kind: kind.to_owned(),
        path: get("httpGet.path").map(|p| Fact::new(p, flag.at.clone())),
        port: get("httpGet.port"),
        initial_delay: number("initialDelaySeconds"),
        period: number("periodSeconds"),
        timeout: number("timeoutSeconds"),
        failures: number("failureThreshold"),
    }
}
