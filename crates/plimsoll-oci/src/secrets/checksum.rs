//! The checksum in which tokens of GitHub and npm end: one that was made up does not have it.

/// Whether the last six of these letters and digits are the CRC-32 of those before, in base 62.
pub(super) fn ends_in_crc(body: &[u8]) -> bool {
    let Some((text, check)) = body.split_at_checked(body.len().saturating_sub(6)) else {
        return false;
    };
    let mut crc = flate2::Crc::new();
    crc.update(text);
    let value = check.iter().try_fold(0_u64, |value, byte| Some(value * 62 + digit(*byte)?));
    check.len() == 6 && value == Some(u64::from(crc.sum()))
}

fn digit(byte: u8) -> Option<u64> {
    match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'A'..=b'Z' => Some(u64::from(byte - b'A') + 10),
        b'a'..=b'z' => Some(u64::from(byte - b'a') + 36),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A token that nobody was given, with the right checksum.
    pub(crate) fn made_up(prefix: &str, text: &str) -> String {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let (mut value, mut digits) = (u64::from(crc.sum()), Vec::new());
        for _ in 0..6 {
            let all = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            digits.push(all[(value % 62) as usize] as char);
            value /= 62;
        }
        format!("{prefix}{text}{}", digits.into_iter().rev().collect::<String>())
    }

    #[test]
    fn a_checksum_tells_a_token_from_a_word() {
        let token = made_up("", "abcdefghijklmnopqrstuvwxyz0123");
        assert!(ends_in_crc(token.as_bytes()));
        assert!(!ends_in_crc(b"abcdefghijklmnopqrstuvwxyz0123456789"));
        assert!(!ends_in_crc(b"abc") && !ends_in_crc(b""));
    }
}
