//! What goes along with an object by owner references, as the garbage collector does it
//! (`pkg/controller/garbagecollector`): an object goes once all of its owners are gone.

use std::collections::HashSet;

use super::listing::Listed;

/// Far more than any honest chain of owners has; each takes a look at all objects.
const GENERATIONS: usize = 32;

/// Those of the objects that go with the one of this uid, directly or in turn.
pub fn along<'a, T>(root: &str, objects: &'a [(T, Listed)]) -> Vec<&'a (T, Listed)> {
    let mut gone = HashSet::from([root]);
    let mut found = Vec::new();
    for _ in 0..GENERATIONS {
        let before = found.len();
        for object in objects {
            let Listed { uid, owners, .. } = &object.1;
            let goes = !owners.is_empty() && owners.iter().all(|of| gone.contains(of.as_str()));
            if goes && !uid.is_empty() && gone.insert(uid) {
                found.push(object);
            }
        }
        if found.len() == before {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(uid: &str, owners: &[&str]) -> ((), Listed) {
        let owners = owners.iter().map(|&owner| owner.to_owned()).collect();
        ((), Listed { uid: uid.into(), owners, ..Listed::default() })
    }

    #[test]
    fn an_object_goes_with_the_last_of_its_owners() {
        let objects = [
            object("pod", &["set"]),
            object("set", &["deployment"]),
            object("shared", &["deployment", "somebody"]),
            object("own", &["own"]),
            object("free", &[]),
            object("slice", &["service"]),
        ];
        let along: Vec<_> = along("deployment", &objects).iter().map(|of| &*of.1.uid).collect();
        assert_eq!(along, ["set", "pod"]);
    }
}
