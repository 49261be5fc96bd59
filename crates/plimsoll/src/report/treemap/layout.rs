//! Where the tiles of a treemap lie.

#[derive(Clone, Copy)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// Lays areas, largest first, into rows whose tiles are as square as can be
/// (Bruls, Huizing and van Wijk).
pub(super) fn squarify(areas: &[f64], mut free: Rect) -> Vec<Rect> {
    let mut rects = Vec::with_capacity(areas.len());
    let mut rest = areas;
    while !rest.is_empty() {
        let side = free.w.min(free.h).max(f64::MIN_POSITIVE);
        let mut n = 1;
        while n < rest.len() && worst(&rest[..=n], side) <= worst(&rest[..n], side) {
            n += 1;
        }
        let (row, after) = rest.split_at(n);
        place(row, &mut free, &mut rects);
        rest = after;
    }
    rects
}

/// The worst ratio of sides of a row along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let (low, high) = row.iter().fold((f64::MAX, 0.0_f64), |(l, h), a| (l.min(*a), h.max(*a)));
    let (s2, w2) = (sum * sum, side * side);
    (w2 * high / s2).max(s2 / (w2 * low))
}

fn place(row: &[f64], free: &mut Rect, rects: &mut Vec<Rect>) {
    let sum: f64 = row.iter().sum();
    let wide = free.w >= free.h;
    let side = if wide { free.h } else { free.w };
    let thick = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = if wide { free.y } else { free.x };
    for area in row {
        let long = if thick > 0.0 { area / thick } else { 0.0 };
        rects.push(if wide {
            Rect { x: free.x, y: at, w: thick, h: long }
        } else {
            Rect { x: at, y: free.y, w: long, h: thick }
        });
        at += long;
    }
    if wide {
        free.x += thick;
        free.w = (free.w - thick).max(0.0);
    } else {
        free.y += thick;
        free.h = (free.h - thick).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fill_the_page_and_stay_on_it() {
        let (width, height) = (960.0, 420.0);
        let areas: Vec<f64> =
            [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0].iter().map(|a| a / 24.0 * width * height).collect();
        let rects = squarify(&areas, Rect { x: 0.0, y: 0.0, w: width, h: height });
        let covered: f64 = rects.iter().map(|r| r.w * r.h).sum();
        assert!((covered - width * height).abs() < 1.0);
        for r in rects {
            assert!(
                r.x >= 0.0 && r.y >= 0.0 && r.x + r.w < width + 0.1 && r.y + r.h < height + 0.1
            );
        }
    }
}
