//! Names of findings that survive moved lines.

use plimsoll_model::Finding;

/// Names a finding by its rule, path, service and the text of its line, not its number;
/// `ordinal` tells equal ones apart.
pub(crate) fn fingerprint(finding: &Finding, ordinal: usize) -> String {
    let line = finding.excerpt.as_ref().and_then(|e| {
        let at = finding.primary.start?.line.checked_sub(e.first_line)?;
        e.lines.get(at as usize)
    });
    let line = line.map_or("", |l| l.trim());
    let service = finding.service.as_deref().unwrap_or("");
    let ordinal = ordinal.to_string();
    let parts = [finding.rule.as_str(), &finding.primary.path, service, line, &ordinal];
    format!("{:016x}", fnv1a(parts.iter().flat_map(|p| p.bytes().chain([0]))))
}

/// FNV-1a, 64 bits: small, stable, and not meant to resist anybody.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes
        .fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(super::fnv1a(b"foobar".iter().copied()), 0x8594_4171_f739_67e8);
    }
}
