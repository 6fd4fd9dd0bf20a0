//! Requests to a cache, as caches see them: a few objects are asked for all the time, most hardly
//! ever, and sizes span four orders of magnitude.

use std::fmt::Write as _;

use crate::SplitMix64;

/// The least and the greatest number of binary digits of a size in bytes, less one.
const SIZE_BITS: (u32, u32) = (12, 24);

/// A trace in CSV, `time,key,size`, with `requests` requests for up to 2^`key_bits` objects. The
/// object of rank `r` is asked for about `1/r` as often as the first.
pub fn csv(requests: u32, key_bits: u32) -> String {
    let mut random = SplitMix64(0x2545_F491_4F6C_DD1D);
    let mut out = String::from("time,key,size\n");
    for time in 0..requests {
        // Every number of digits is as likely as any other, and so is every number that has them.
        let bits = random.below(key_bits);
        let rank = (1 << bits) + random.below(1 << bits);
        // Ranks in order would put what is popular side by side in memory.
        let key = SplitMix64(u64::from(rank)).next_u64() >> 24;
        let mut of_key = SplitMix64(key);
        let bits = SIZE_BITS.0 + of_key.below(SIZE_BITS.1 - SIZE_BITS.0);
        let size = (1 << bits) + of_key.below(1 << bits);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{time},{key},{size}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_repeat() {
        let text = csv(2000, 10);
        let mut keys: Vec<&str> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(1))
            .collect();
        assert_eq!((keys.len(), csv(2000, 10)), (2000, text.clone()));
        keys.sort_unstable();
        keys.dedup();
        assert!((300..1000).contains(&keys.len()), "{}", keys.len());
    }
}
