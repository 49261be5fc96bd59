//! The rules of Cloud Run, from a dated data file, and its units.

use std::sync::OnceLock;

use toml_edit::{Document, Item, Table};

/// What the data file says.
#[derive(Debug, Default)]
pub struct CloudRun {
    /// When it was read.
    pub read: String,
    /// The port of `$PORT` where none is set.
    pub default_port: u16,
    /// Requests an instance gets at once where nothing is set.
    pub default_concurrency: u32,
    /// CPUs where none are set.
    pub default_cpu: f64,
    /// Memory in MiB where none is set.
    pub default_memory: f64,
    /// For how many seconds after a start CPU boost stays.
    pub boost_tail: f64,
    /// The startup probe where none is set.
    pub startup_probe: DefaultProbe,
    /// What is billed.
    pub prices: Prices,
    /// CPUs, and the memory they allow in MiB: at least, at most.
    pub cpu: Vec<(f64, f64, f64)>,
    /// CPUs, and how many a start has with CPU boost.
    pub boost: Vec<(f64, f64)>,
}

/// The startup probe of a service that sets none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DefaultProbe {
    /// `tcp`.
    pub kind: String,
    /// Seconds an attempt may take.
    pub timeout: u32,
    /// Seconds between attempts.
    pub period: u32,
    /// Attempts before it has failed.
    pub failures: u32,
}

/// The price list, in US dollars.
#[derive(Debug, Default, PartialEq)]
pub struct Prices {
    /// When it was read.
    pub read: String,
    /// One CPU for one second.
    pub vcpu_second: f64,
    /// One GiB of memory for one second.
    pub gib_second: f64,
}

impl CloudRun {
    /// How many CPUs a start has with CPU boost, of a service that has so many.
    #[must_use]
    pub fn boosted(&self, cpus: f64) -> Option<f64> {
        self.boost.iter().find(|(most, _)| cpus <= *most).map(|(_, boosted)| *boosted)
    }

    /// The least and the most memory in MiB that so many CPUs allow.
    #[must_use]
    pub fn memory(&self, cpus: f64) -> Option<(f64, f64)> {
        self.cpu.iter().find(|(most, ..)| cpus <= *most).map(|(_, least, most)| (*least, *most))
    }

    /// What seconds of CPU cost in US dollars, and the day of the price list.
    #[must_use]
    pub fn cost(&self, vcpu_seconds: f64) -> (f64, String) {
        (vcpu_seconds * self.prices.vcpu_second, self.prices.read.clone())
    }
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

fn read(file: &Table) -> CloudRun {
    let rows = |key: &str| file.get(key).and_then(Item::as_array_of_tables).into_iter().flatten();
    let cpu = |row: &Table| {
        Some((number(row, "cpu")?, number(row, "least").unwrap_or(0.0), number(row, "most")?))
    };
    CloudRun {
        read: text(file, "read"),
        default_port: u16::try_from(whole(file, "default_port")).unwrap_or(0),
        default_concurrency: whole(file, "default_concurrency"),
        default_cpu: number(file, "default_cpu").unwrap_or(0.0),
        default_memory: number(file, "default_memory").unwrap_or(0.0),
        boost_tail: number(file, "boost_tail_seconds").unwrap_or(0.0),
        startup_probe: table(file, "startup_probe").map(probe).unwrap_or_default(),
        prices: table(file, "prices").map(prices).unwrap_or_default(),
        cpu: rows("cpu").filter_map(cpu).collect(),
        boost: rows("boost")
            .filter_map(|row| Some((number(row, "cpu")?, number(row, "boosted")?)))
            .collect(),
    }
}

fn probe(table: &Table) -> DefaultProbe {
    DefaultProbe {
        kind: text(table, "kind"),
        timeout: whole(table, "timeout"),
        period: whole(table, "period"),
        failures: whole(table, "failures"),
    }
}

fn prices(table: &Table) -> Prices {
    Prices {
        read: text(table, "read"),
        vcpu_second: number(table, "vcpu_second").unwrap_or(0.0),
        gib_second: number(table, "gib_second").unwrap_or(0.0),
    }
}

fn table<'t>(file: &'t Table, key: &str) -> Option<&'t Table> {
    file.get(key)?.as_table()
}

fn text(table: &Table, key: &str) -> String {
    table.get(key).and_then(Item::as_str).unwrap_or("").to_owned()
}

fn whole(table: &Table, key: &str) -> u32 {
    let value = table.get(key).and_then(Item::as_integer);
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

fn number(table: &Table, key: &str) -> Option<f64> {
    let item = table.get(key)?;
    item.as_float().or_else(|| item.as_integer().map(|whole| whole as f64))
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

/// A limit of memory that holds so many MiB, as platforms write it: `640Mi`, `2Gi`. Limits below one
/// GiB grow in steps of 128 MiB, those above in halves of a GiB.
#[must_use]
pub fn limit_for(mebibytes: f64) -> (f64, String) {
    let step = if mebibytes <= 1024.0 { 128.0 } else { 512.0 };
    let size = (mebibytes / step).ceil().max(1.0) * step;
    let text = match size % 1024.0 == 0.0 {
        true => format!("{:.0}Gi", size / 1024.0),
        false => format!("{size:.0}Mi"),
    };
    (size, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read() {
        let data = cloud_run();
        assert_eq!((data.default_port, data.default_concurrency, data.cpu.len()), (8080, 80, 6));
        assert_eq!((data.default_cpu, data.default_memory, data.boost_tail), (1.0, 512.0, 10.0));
        assert_eq!(data.read, "2026-11");
        let probe = DefaultProbe { kind: "tcp".into(), timeout: 240, period: 240, failures: 1 };
        assert_eq!(data.startup_probe, probe);
    }

    #[test]
    fn a_boost_is_that_of_the_next_larger_size() {
        let boosted = |cpus| cloud_run().boosted(cpus);
        let all = [0.08, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0].map(boosted);
        let want = [2.0, 2.0, 2.0, 4.0, 8.0, 8.0, 8.0].map(Some);
        assert_eq!(all, want);
        assert_eq!(boosted(16.0), None);
    }

    #[test]
    fn a_cost_has_the_day_of_its_price_list() {
        let (dollars, read) = cloud_run().cost(10.0);
        assert!((dollars - 0.000_24).abs() < 1e-12, "{dollars}");
        assert_eq!(read, "2026-10");
        assert!((cloud_run().prices.gib_second - 0.000_002_5).abs() < 1e-12);
    }

    #[test]
    fn units_are_those_of_the_platform() {
        assert_eq!(cpus("500m"), Some(0.5));
        assert_eq!(cpus("2"), Some(2.0));
        assert_eq!(cpus("$CPU"), None);
        assert_eq!(mebibytes("2Gi"), Some(2048.0));
        assert_eq!(mebibytes("512"), None);
    }

    #[test]
    fn a_limit_is_a_size_that_people_write() {
        let limits = [1.0, 128.0, 600.0, 1000.0, 1025.0, 2100.0].map(|mebi| limit_for(mebi).1);
        assert_eq!(limits, ["128Mi", "128Mi", "640Mi", "1Gi", "1536Mi", "2560Mi"]);
    }
}
