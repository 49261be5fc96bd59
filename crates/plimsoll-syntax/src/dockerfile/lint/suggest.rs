//! "Did you mean": the known name that is fewer than three edits away.

/// How many characters are compared before no more is suggested; real files need a few
/// thousand.
const MAX_STEPS: usize = 1 << 20;

/// What is left of the work that suggestions may take.
pub(super) struct Budget {
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { steps: MAX_STEPS }
    }

    /// The first of the nearest names.
    pub(super) fn nearest<'n>(
        &mut self,
        name: &str,
        known: impl FnOnce() -> Vec<&'n str>,
    ) -> Option<&'n str> {
        let name: Vec<char> = name.chars().collect();
        let mut nearest: Option<(usize, &str)> = None;
        if self.steps == 0 {
            return None;
        }
        for candidate in known() {
            self.steps = self.steps.saturating_sub(name.len() + 1);
            if self.steps == 0 {
                return None;
            }
            if candidate.len() > 4 * (name.len() + 2) {
                continue;
            }
            let chars: Vec<char> = candidate.chars().collect();
            let most = nearest.map_or(2, |(distance, _)| distance.saturating_sub(1));
            let distance = (0..=most).find(|edits| within(&name, &chars, *edits));
            nearest = distance.map(|distance| (distance, candidate)).or(nearest);
        }
        nearest.map(|(_, candidate)| candidate)
    }
}

/// Whether so many edits turn one text into the other.
fn within(left: &[char], right: &[char], edits: usize) -> bool {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    match (&left[same..], &right[same..]) {
        ([], rest) | (rest, []) => rest.len() <= edits,
        (left, right) => {
            edits > 0
                && left.len().abs_diff(right.len()) <= edits
                && (within(&left[1..], &right[1..], edits - 1)
                    || within(&left[1..], right, edits - 1)
                    || within(left, &right[1..], edits - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nearest_name_is_suggested() {
        let check = |name: &str, known: &[&str], expected: Option<&str>| {
            assert_eq!(Budget::new().nearest(name, || known.to_vec()), expected, "{name}");
        };
        check("PAHT", &["PATH", "PATS"], Some("PATH"));
        check("FOO", &["FOOBAR", "BAR", "FO"], Some("FO"));
        check("FOO", &["FOOOO", "FOOO", "FOOP"], Some("FOOO"));
        check("X", &["ABC", ""], Some(""));
        check("LONG", &["OTHER"], None);
    }

    #[test]
    fn the_work_is_bounded() {
        let name = "a".repeat(1000);
        let known = vec![name.as_str(); 10_000];
        assert_eq!(Budget::new().nearest(&format!("{name}b"), || known), None);
    }
}
