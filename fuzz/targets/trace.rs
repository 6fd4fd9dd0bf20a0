//! A trace and metadata of its paths, of any bytes, a zero byte between them: errors or values,
//! never a panic; an error lies inside its input; every policy keeps the laws on what is read.
#![no_main]

use cache_policy::policy::PolicyKind;
use cache_policy::simulate::laws::check;
use cache_policy::simulate::simulate;
use cache_policy::trace::{Catalogue, LoggedDemand, PathMetadata, Trace, read_csv};
use drv_graph::{Bytes, request_log};
use libfuzzer_sys::fuzz_target;

/// More would make one input take long, and show nothing new.
const MOST_REQUESTS: usize = 200;

fn hold_to_laws(trace: &Trace, catalogue: &Catalogue) {
    if trace.requests().len() > MOST_REQUESTS {
        return;
    }
    let all = trace.unique_bytes().0;
    for capacity in [all / 10, all / 2, all] {
        let capacity = Bytes(capacity);
        for kind in PolicyKind::ALL {
            let violations = check(trace, capacity, || kind.build(trace, catalogue, capacity));
            assert_eq!(violations, [], "{}", kind.name());
            let mut policy = kind.build(trace, catalogue, capacity);
            let outcome = simulate(trace, catalogue, capacity, &mut policy);
            assert!(outcome.effectively_missed.count >= outcome.missed.count);
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |&byte| byte == 0);
    let trace = parts.next().unwrap_or_default();
    let metadata = PathMetadata::read(parts.next().unwrap_or_default());
    match read_csv(trace) {
        Ok((trace, keys)) => {
            let catalogue = match &metadata {
                Ok(metadata) => metadata.catalogue(&keys).0,
                Err(_) => Catalogue::unknown(&trace),
            };
            hold_to_laws(&trace, &catalogue);
        }
        Err(error) => assert!(error.position().offset <= trace.len()),
    }
    if let Ok(metadata) = &metadata {
        let demand = LoggedDemand::new(&request_log::read(trace), metadata);
        let (catalogue, unknown) = metadata.catalogue(&demand.keys);
        assert_eq!(unknown, 0);
        hold_to_laws(&demand.trace, &catalogue);
    }
});
