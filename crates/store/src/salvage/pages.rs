//! Rows in the pages of a database that does not open.
//!
//! Owns what a leaf of redb's tree looks like: one byte 1, one that is not used, the number of rows (u16),
//! for keys of any length where each ends (u32), where each value ends (u32), the keys, and the values. Every
//! leaf begins at a multiple of 4,096 bytes of the file; one of a higher order takes several of them.

/// Unit of a leaf, in bytes.
pub(crate) const PAGE: usize = 4_096;
const LEAF: u8 = 1;

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

/// Shows `row` every key and value of what may be a leaf with keys of `key_bytes`, or of any length. What
/// it shows is proven by nothing.
pub(crate) fn rows<'a>(
    page: &'a [u8],
    key_bytes: Option<usize>,
    mut row: impl FnMut(&'a [u8], &'a [u8]),
) {
    if page.first() != Some(&LEAF) {
        return;
    }
    let Some(count) = page.get(2..).and_then(|page| page.first_chunk()) else { return };
    let count = usize::from(u16::from_le_bytes(*count));
    let (key_ends, value_ends) = match key_bytes {
        Some(_) => (4, 4),
        None => (4, 4 + 4 * count),
    };
    let keys = value_ends + 4 * count;
    let key_end = |number: usize| match key_bytes {
        Some(bytes) => Some(keys + bytes * (number + 1)),
        None => u32_at(page, key_ends + 4 * number),
    };
    let Some(values) = count.checked_sub(1).and_then(key_end) else { return };
    let (mut key_start, mut value_start) = (keys, values);
    for number in 0..count {
        let (Some(key), Some(value)) = (key_end(number), u32_at(page, value_ends + 4 * number))
        else {
            return;
        };
        if let (Some(key), Some(value)) = (page.get(key_start..key), page.get(value_start..value)) {
            row(key, value);
        }
        (key_start, value_start) = (key, value);
    }
}
