//! Bodies in protobuf: what is read is an object of the kind that was asked for.

#![no_main]

use kguard::kube::delete_options::DeleteOptions;
use kguard::kube::protobuf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for (resource, kind) in [("secrets", "Secret"), ("configmaps", "ConfigMap")] {
        if let Ok(object) = protobuf::object(resource, data) {
            assert_eq!(object.unwrap()["kind"], kind);
        }
    }
    let _ = DeleteOptions::from_protobuf(data);
});
