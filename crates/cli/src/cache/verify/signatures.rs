//! Whether those who trust some keys take what a cache serves: Nix takes what one of them signed, and
//! what is known by its content.

use std::collections::BTreeMap;

use cache_policy::audit::{Distrust, Listing};
use drv_graph::NarInfo;

use super::content_address::is_content_addressed;
use crate::public_key::{PublicKeys, Verdict};

/// Of each narinfo that nobody takes why, by the name of its file.
pub(super) fn distrusted(listing: &Listing, keys: &PublicKeys) -> BTreeMap<String, Distrust> {
    let readable = listing.readable();
    readable
        .filter_map(|(file, info)| Some((file.to_owned(), distrust(info, keys)?)))
        .collect()
}

fn distrust(info: &NarInfo, keys: &PublicKeys) -> Option<Distrust> {
    let info = &info.info;
    if is_content_addressed(info) {
        return None;
    }
    let (mut strangers, mut spoiled) = (Vec::new(), Vec::new());
    // Nobody can sign what has no fingerprint.
    let fingerprint = info.fingerprint();
    for signature in &info.signatures {
        let name = signature.split(':').next().unwrap_or_default().to_owned();
        let text = fingerprint.as_deref();
        match text.map_or(Verdict::Bad, |text| keys.check(text, signature)) {
            Verdict::Good => return None,
            Verdict::Bad => spoiled.push(name),
            Verdict::Unknown => strangers.push(name),
        }
    }
    Some(match (&spoiled[..], &strangers[..]) {
        ([_, ..], _) => Distrust::Spoiled(spoiled),
        (_, [_, ..]) => Distrust::Strangers(strangers),
        _ => Distrust::Unsigned,
    })
}
