//! A histogram of times: bars that lie, one bin a line.

use plimsoll_model::median;

/// How many bins there are at most, those of outliers not counted.
const MOST: f64 = 20.0;

/// The parts of a full block, an eighth each.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What falls between two times; an end that is not there is that of the outliers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    pub(super) from: Option<f64>,
    pub(super) to: Option<f64>,
}

/// Bins for times, all of the same width.
pub(super) struct Bins {
    pub(super) bins: Vec<Bin>,
    step: f64,
    milliseconds: bool,
}

impl Bins {
    /// Bins for all of these, about as wide as Freedman and Diaconis have it for the one that
    /// scatters least. What is three times a middle half beyond it is an outlier: it would make
    /// one bar of the rest.
    pub(super) fn of(series: &[&[f64]]) -> Option<Self> {
        let spreads: Vec<Spread> = series.iter().filter_map(|values| Spread::of(values)).collect();
        let least = spreads.iter().map(|spread| spread.least).reduce(f64::min)?;
        let most = spreads.iter().map(|spread| spread.most).reduce(f64::max)?;
        let from = spreads.iter().map(|spread| spread.from).reduce(f64::min)?;
        let to = spreads.iter().map(|spread| spread.to).reduce(f64::max)?;
        let wide = spreads.iter().filter_map(|spread| spread.wide).reduce(f64::min);
        // Where all are the same, a twentieth shows where they are.
        let wide = wide.unwrap_or_else(|| (from.abs() / 20.0).max(0.001));
        let step = round(wide, false).max(round((to - from) / MOST, true));
        // Divided, not multiplied: 12 × 0.1 is more than 1.2.
        let at_edge =
            |edge: f64| if step < 1.0 { edge / (1.0 / step).round() } else { edge * step };
        let (first, last) = ((from / step + 1e-9).floor(), (to / step + 1e-9).floor());
        let edge = |at: f64| at_edge(first + at);
        let inner = (0..=(last - first) as usize)
            .map(|at| Bin { from: Some(edge(at as f64)), to: Some(edge(at as f64 + 1.0)) });
        let below = (least < edge(0.0)).then_some(Bin { from: None, to: Some(edge(0.0)) });
        let end = at_edge(last + 1.0);
        let above = (most >= end).then_some(Bin { from: Some(end), to: None });
        let bins = below.into_iter().chain(inner).chain(above).collect();
        Some(Self { bins, step, milliseconds: end <= 1.0 })
    }

    /// How many of the values each bin has.
    pub(super) fn count(&self, values: &[f64]) -> Vec<usize> {
        let within = |bin: &Bin, value: f64| {
            bin.from.is_none_or(|from| value >= from) && bin.to.is_none_or(|to| value < to)
        };
        let count = |bin: &Bin| values.iter().filter(|value| within(bin, **value)).count();
        self.bins.iter().map(count).collect()
    }

    /// A time on the axis, with the digits that tell its bins apart.
    pub(super) fn label(&self, value: f64) -> String {
        let (scale, unit) = if self.milliseconds { (1000.0, "ms") } else { (1.0, "s") };
        let digits = (-(self.step * scale).log10()).ceil().clamp(0.0, 6.0) as usize;
        format!("{:.digits$} {unit}", value * scale)
    }

    /// What a bin is called.
    pub(super) fn name(&self, bin: &Bin) -> String {
        match (bin.from, bin.to) {
            (None, Some(to)) => format!("below {}", self.label(to)),
            (Some(from), None) => format!("from {}", self.label(from)),
            (from, _) => self.label(from.unwrap_or_default()),
        }
    }

    /// The bars, one bin a line: those of each series below its name, side by side.
    pub(super) fn lines(&self, series: &[(&str, &[f64])], width: usize) -> Vec<String> {
        let names: Vec<String> = self.bins.iter().map(|bin| self.name(bin)).collect();
        let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let counts: Vec<Vec<usize>> = series.iter().map(|(_, values)| self.count(values)).collect();
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let digits = most.to_string().len();
        // Of each series: a blank, a rule, the bar, a blank, the number.
        let room = width.saturating_sub(wide) / series.len().max(1);
        let room = room.saturating_sub(3 + digits).clamp(6, 60);
        let column = room + 3 + digits;
        let mut lines = Vec::new();
        if series.len() > 1 {
            let heads = series.iter().map(|(name, _)| format!("  {name:<0$}", column - 2));
            lines.push(format!("{:wide$}{}", "", heads.collect::<String>()).trim_end().to_owned());
        }
        for (at, name) in names.iter().enumerate() {
            let cells = counts.iter().map(|counts| {
                let cell = format!(" │{}", bar(counts[at], most, room));
                format!("{cell:<column$}")
            });
            lines.push(format!("{name:>wide$}{}", cells.collect::<String>()).trim_end().to_owned());
        }
        lines
    }
}

/// A bar with its number; what is not nought has at least a mark.
fn bar(count: usize, most: usize, room: usize) -> String {
    if count == 0 {
        return String::new();
    }
    format!("{} {count}", blocks(count as f64 / most as f64, room))
}

/// A share of the room, in eighths of a column.
pub(super) fn blocks(share: f64, room: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * room as f64 * 8.0).round().max(1.0) as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// How far values scatter.
struct Spread {
    least: f64,
    most: f64,
    /// The first and the last that are no outliers.
    from: f64,
    to: f64,
    /// How wide a bin of them is, where they are not all the same.
    wide: Option<f64>,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let half = sorted.len() / 2;
        let (low, high) = (median(&sorted[..half.max(1)])?, median(&sorted[half..])?);
        let far = 3.0 * (high - low);
        let from = sorted.iter().find(|value| **value >= low - far).copied()?;
        let to = sorted.iter().rev().find(|value| **value <= high + far).copied()?;
        let wide = 2.0 * (high - low) / (sorted.len() as f64).cbrt();
        Some(Self { least, most, from, to, wide: Some(wide).filter(|wide| *wide > 0.0) })
    }
}

/// The one of 1, 2, 5, 10, 20, … that is next, up or down.
fn round(value: f64, up: bool) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let mut steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    if !up {
        steps.reverse();
    }
    let fits = |step: &f64| match up {
        true => *step >= value * (1.0 - 1e-9),
        false => *step <= value * (1.0 + 1e-9),
    };
    steps.into_iter().find(fits).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64], width: usize) -> String {
        let bins = Bins::of(&[values]).unwrap();
        assert_eq!(bins.count(values).iter().sum::<usize>(), values.len());
        let lines = bins.lines(&[("", values)], width);
        assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
        let rule = |line: &String| line.chars().position(|c| c == '│');
        assert!(lines.iter().all(|line| rule(line) == rule(&lines[0])), "{lines:#?}");
        lines.join("\n")
    }

    #[test]
    fn times_have_bins_that_read_well() {
        let values = [0.331, 0.332, 0.338, 0.339, 0.340, 0.341, 0.344, 0.352, 0.355, 0.371];
        assert_eq!(
            drawn(&values, 40),
            "\
330 ms │██████████████████████████████ 4
340 ms │██████████████████████▌ 3
350 ms │███████████████ 2
360 ms │
370 ms │███████▌ 1"
        );
    }

    #[test]
    fn one_value_and_equal_values_are_one_bar() {
        assert_eq!(drawn(&[1.21], 24), "1.20 s │██████████████ 1");
        assert_eq!(drawn(&[0.3391; 20], 24), "330 ms │█████████████ 20");
        assert_eq!(drawn(&[0.0; 3], 24), "0 ms │████████████████ 3");
        assert!(Bins::of(&[&[f64::NAN]]).is_none());
    }

    #[test]
    fn a_huge_outlier_leaves_the_others_their_bars() {
        let values = [1.01, 1.02, 1.02, 1.03, 1.04, 1.04, 1.06, 1.07, 60.0, 0.2];
        assert_eq!(
            drawn(&values, 40),
            "below 1.00 s │████████ 1
      1.00 s │████████ 1
      1.02 s │████████████████████████ 3
      1.04 s │████████████████ 2
      1.06 s │████████████████ 2
 from 1.08 s │████████ 1"
        );
    }

    #[test]
    fn two_series_share_the_axis() {
        let (plain, boost) = ([2.0, 2.1, 2.2, 2.1, 2.3], [1.0, 1.1, 1.2, 1.1, 1.1]);
        let bins = Bins::of(&[&plain, &boost]).unwrap();
        let lines = bins.lines(&[("as set", &plain), ("boost", &boost)], 44);
        assert_eq!(
            lines.join("\n"),
            "       as set             boost
1.0 s │                  │█████ 1
1.1 s │                  │███████████████ 3
1.2 s │                  │█████ 1
1.3 s │                  │
1.4 s │                  │
1.5 s │                  │
1.6 s │                  │
1.7 s │                  │
1.8 s │                  │
1.9 s │                  │
2.0 s │█████ 1           │
2.1 s │██████████ 2      │
2.2 s │█████ 1           │
2.3 s │█████ 1           │"
        );
    }

    #[test]
    fn it_fits_wide_and_narrow_pages() {
        let values: Vec<f64> = (0..300).map(|i| 1.0 + f64::from(i * i % 997) / 500.0).collect();
        for width in [20, 40, 80, 100, 400] {
            drawn(&values, width);
        }
    }
}
