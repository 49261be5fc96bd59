//! The times of starts as a picture: no script, light and dark, read aloud by its title.

use std::fmt::Write as _;

use plimsoll_model::{BootReport, Distribution, seconds};

use super::histogram::{Bin, Bins};
use super::{boosted, counted, with_boost, without_boost};
use crate::report::escape;
use crate::report::replay::shortened;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 276.0;

/// The names are those of no other page: the picture may stand within one.
const CSS: &str = ".boots{--ink:#1c2127;--dim:#5d6873;--paper:#fff;--line:#d9dee3;--a:#2f6fad;--b:#c77700;--p:#b42318;\
     font:13px system-ui,-apple-system,'Segoe UI',sans-serif}\
     @media (prefers-color-scheme:dark){.boots{--ink:#e6e9ec;--dim:#9aa5b0;--paper:#14181c;--line:#2d343b;--a:#7cb8ff;--b:#f0b849;--p:#ff8a7a}}\
     .boots .paper{fill:var(--paper)}.boots text{fill:var(--ink)}.boots .dim{fill:var(--dim)}.boots .name{font-size:16px;font-weight:600}\
     .boots .a{fill:var(--a);fill-opacity:.75}.boots .b{fill:var(--b);fill-opacity:.6;stroke:var(--b)}\
     .boots .grid{stroke:var(--line)}.boots .mid{stroke:var(--ink);stroke-width:1.5}.boots .slow{stroke:var(--p);stroke-width:1.5;stroke-dasharray:4 3}\
     .boots .range{fill:var(--ink);fill-opacity:.1}";

/// The picture; none where no start became ready.
pub(crate) fn histogram(report: &BootReport) -> Option<String> {
    let plain = report.of(|boot| boot.ready);
    let fast = report.boost.as_ref().map_or_else(Vec::new, boosted);
    let bins = Bins::of(&[&plain.values, &fast])?;
    let mut out = begin(report, &plain, &fast);
    let counts = [bins.count(&plain.values), bins.count(&fast)];
    let most = counts.iter().flatten().copied().max().unwrap_or(1).max(1);
    let axis = Axis { bins: &bins, wide: (RIGHT - LEFT) / bins.bins.len() as f64, most };
    axis.grid(&mut out);
    if let Some((low, high)) = plain.interval {
        let (from, to) = (axis.x(low), axis.x(high));
        let _ = writeln!(
            out,
            "<rect class=\"range\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{}\"><title>95 % certain: {} to {}</title></rect>",
            (to - from).max(1.0),
            BOTTOM - TOP,
            seconds(low),
            seconds(high)
        );
    }
    let both = !fast.is_empty();
    axis.bars(&mut out, &counts[0], "a", if both { 0.5 } else { 1.0 }, 0.0);
    if both {
        axis.bars(&mut out, &counts[1], "b", 0.5, 0.5);
    }
    marks(&mut out, &axis, &plain);
    out.push_str("</svg>\n");
    Some(out)
}

fn begin(report: &BootReport, plain: &Distribution, fast: &[f64]) -> String {
    let title = format!("Cold starts of {}", report.subject);
    let starts = counted(plain.values.len(), "start");
    let median = plain.median.map_or_else(String::new, |m| format!(", P50 {}", seconds(m)));
    let tail = plain.tail(seconds).map_or_else(String::new, |tail| format!(", {tail}"));
    let said = format!("Time to the first good answer: {starts}{median}{tail}");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"boots\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"boots-title boots-desc\">\n<title id=\"boots-title\">{0}</title>\n<desc id=\"boots-desc\">{1}</desc>\n\
         <style>{CSS}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\n\
         <text class=\"name\" x=\"16\" y=\"28\">{2}</text>\n<text class=\"dim\" x=\"16\" y=\"48\">{1}</text>\n",
        escape(&title),
        escape(&said),
        escape(&shortened(&title, 80)),
    );
    if let (Some(boost), false) = (&report.boost, fast.is_empty()) {
        legend(&mut out, 16.0, "a", &without_boost(report));
        legend(&mut out, 156.0, "b", &with_boost(boost));
    }
    out
}

fn legend(out: &mut String, x: f64, class: &str, name: &str) {
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"58\" width=\"11\" height=\"11\"/><text x=\"{}\" y=\"68\">{}</text>",
        x + 17.0,
        escape(name)
    );
}

/// Where times and counts lie in the picture.
struct Axis<'a> {
    bins: &'a Bins,
    wide: f64,
    most: usize,
}

impl Axis<'_> {
    /// Where a time lies; an outlier in the middle of its bin, which has no scale.
    fn x(&self, value: f64) -> f64 {
        let within = |bin: &Bin| {
            bin.from.is_none_or(|from| value >= from) && bin.to.is_none_or(|to| value < to)
        };
        let at = self.bins.bins.iter().position(within).unwrap_or(0);
        let part = match self.bins.bins[at] {
            Bin { from: Some(from), to: Some(to) } => (value - from) / (to - from),
            _ => 0.5,
        };
        LEFT + (at as f64 + part) * self.wide
    }

    fn y(&self, count: f64) -> f64 {
        BOTTOM - count / self.most as f64 * (BOTTOM - TOP)
    }

    /// Lines of the counts, and the names of the bins where there is room for them.
    fn grid(&self, out: &mut String) {
        let step = self.most.div_ceil(4);
        for count in (0..=self.most).step_by(step) {
            let y = self.y(count as f64);
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text class=\"dim\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
                LEFT - 8.0,
                y + 4.0
            );
        }
        let each = (84.0 / self.wide).ceil().max(1.0) as usize;
        for (at, bin) in self.bins.bins.iter().enumerate() {
            let is_end = bin.from.is_none() || bin.to.is_none();
            let crowded = at % each != 0 || self.near_the_end(at, each);
            if !is_end && crowded {
                continue;
            }
            let edge = LEFT + at as f64 * self.wide;
            let x = if is_end { edge + self.wide / 2.0 } else { edge };
            let _ = writeln!(
                out,
                "<text class=\"dim\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 20.0,
                escape(&self.bins.name(bin))
            );
        }
    }

    /// Whether the name of the outliers' bin would lie over this one's.
    fn near_the_end(&self, at: usize, each: usize) -> bool {
        let is_outliers =
            |bin: Option<&Bin>| bin.is_some_and(|b| b.from.is_none() || b.to.is_none());
        let all = &self.bins.bins;
        (is_outliers(all.last()) && at + each >= all.len())
            || (is_outliers(all.first()) && at < 1 + each)
    }

    /// Bars that fill a part of their bins, from a place in them on.
    fn bars(&self, out: &mut String, counts: &[usize], class: &str, part: f64, from: f64) {
        for (at, (bin, count)) in self.bins.bins.iter().zip(counts).enumerate() {
            if *count == 0 {
                continue;
            }
            let (x, y) = (LEFT + (at as f64 + from) * self.wide, self.y(*count as f64));
            let _ = writeln!(
                out,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}: {}</title></rect>",
                x + 1.0,
                (self.wide * part - 2.0).max(1.0),
                BOTTOM - y,
                escape(&self.bins.name(bin)),
                counted(*count, "start")
            );
        }
    }
}

/// The median and the 95th percentile, where they may be said.
fn marks(out: &mut String, axis: &Axis, plain: &Distribution) {
    // One stands before its line, the other after it: they may be close to each other.
    for (name, value, class) in [("P50", plain.median, "mid"), ("P95", plain.p95, "slow")] {
        let Some(value) = value else { continue };
        let x = axis.x(value);
        let before = name == "P50" && x > LEFT + 70.0;
        let (anchor, at) = if before { ("end", x - 3.0) } else { ("start", x + 3.0) };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{x:.1} {}V{BOTTOM}\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{name} {}</text>",
            TOP - 2.0,
            TOP - 6.0,
            seconds(value)
        );
    }
}
