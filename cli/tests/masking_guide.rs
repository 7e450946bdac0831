//! docs/masking.md does what it says: every YAML block in it is one, and every document of kguard's
//! goes with the starter pack. The masks of the other guides do, too.

use kguard::policy::review::review;
use kguard::policy::{Source, starter};

const GUIDE: &str = include_str!("../../docs/masking.md");
const OTHERS: [&str; 2] = [include_str!("../../docs/policy.md"), include_str!("../../README.md")];

/// The documents of the YAML blocks of a guide.
fn documents(guide: &str) -> Vec<String> {
    let blocks = guide.split("```yaml\n").skip(1).map(|part| part.split("```").next().unwrap());
    blocks.flat_map(|block| block.split("---\n").map(str::to_owned)).collect()
}

/// The documents that are kguard's, beside the starter pack.
fn with_starter(documents: &[String]) -> [Source; 2] {
    let text = documents.join("---\n");
    [starter(), Source { name: "guide".to_owned(), text }]
}

#[test]
fn every_document_is_whole_and_goes_with_the_starter_pack() {
    let mut ours = Vec::new();
    for text in documents(GUIDE) {
        let document: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let version = document["apiVersion"].as_str();
        assert!(version.is_some() && document["metadata"]["name"].is_string(), "{text}");
        if version.is_some_and(|version| version.starts_with("kguard.dev/")) {
            ours.push(text);
        }
    }
    assert!(!ours.is_empty());
    let review = review(&with_starter(&ours));
    assert_eq!((review.problems, review.warnings), (Vec::new(), Vec::new()));
}

#[test]
fn masks_of_the_other_guides_go_with_the_starter_pack() {
    let masks = OTHERS.into_iter().flat_map(documents);
    let masks: Vec<_> = masks.filter(|text| text.contains("\nkind: Mask\n")).collect();
    assert!(masks.len() >= 5);
    for guide in OTHERS {
        let of_guide: Vec<_> =
            documents(guide).into_iter().filter(|it| masks.contains(it)).collect();
        let review = review(&with_starter(&of_guide));
        assert_eq!((review.problems, review.warnings), (Vec::new(), Vec::new()));
    }
}
