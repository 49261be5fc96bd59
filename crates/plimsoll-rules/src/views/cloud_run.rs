//! The rules of Cloud Run, from a dated data file, and its units.

use std::sync::OnceLock;

use toml_edit::{Document, Table};

/// What the data file says.
#[derive(Debug, Default)]
pub struct CloudRun {
    /// When it was read.
    pub read: String,
    /// The port of `$PORT` where none is set.
    pub default_port: u16,
    /// Requests an instance gets at once where nothing is set.
    pub default_concurrency: u32,
    /// CPUs, and the memory they allow in MiB: at least, at most.
    pub cpu: Vec<(f64, f64, f64)>,
}

/// The rules of the platform.
#[must_use]
pub fn cloud_run() -> &'static CloudRun {
    static DATA: OnceLock<CloudRun> = OnceLock::new();
    DATA.get_or_init(|| {
        let parsed = Document::parse(include_str!("../../data/cloud-run.toml"));
        parsed.map(|file| read(file.as_table())).unwrap_or_default()
    })
}

fn read(table: &Table) -> CloudRun {
    let whole = |key: &str| {
        table.get(key).and_then(|i| i.as_integer()).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    };
    let number = |row: &Table, key: &str| {
        row.get(key).and_then(|i| i.as_float().or_else(|| i.as_integer().map(|n| n as f64)))
    };
    let rows = table.get("cpu").and_then(|i| i.as_array_of_tables()).into_iter().flatten();
    CloudRun {
        read: table.get("read").and_then(|i| i.as_str()).unwrap_or("").to_owned(),
        default_port: u16::try_from(whole("default_port")).unwrap_or(0),
        default_concurrency: whole("default_concurrency"),
        cpu: rows
            .filter_map(|r| {
                Some((number(r, "cpu")?, number(r, "least").unwrap_or(0.0), number(r, "most")?))
            })
            .collect(),
    }
}

/// CPUs: `1`, `0.5`, `500m`.
#[must_use]
pub fn cpus(text: &str) -> Option<f64> {
    match text.trim().strip_suffix('m') {
        Some(milli) => milli.parse::<f64>().ok().map(|m| m / 1000.0),
        None => text.trim().parse().ok(),
    }
    .filter(|c: &f64| c.is_finite() && *c > 0.0)
}

/// Memory in MiB: `512Mi`, `2Gi`, `1G`.
#[must_use]
pub fn mebibytes(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "Mi" | "MiB" => 1.0,
        "Gi" | "GiB" => 1024.0,
        "M" | "MB" => 1e6 / 1_048_576.0,
        "G" | "GB" => 1e9 / 1_048_576.0,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read() {
        let data = cloud_run();
        assert_eq!((data.default_port, data.default_concurrency, data.cpu.len()), (8080, 80, 6));
        assert_eq!(data.read, "2026-11");
    }

    #[test]
    fn units_are_those_of_the_platform() {
        assert_eq!(cpus("500m"), Some(0.5));
        assert_eq!(cpus("2"), Some(2.0));
        assert_eq!(cpus("$CPU"), None);
        assert_eq!(mebibytes("2Gi"), Some(2048.0));
        assert_eq!(mebibytes("512"), None);
    }
}
