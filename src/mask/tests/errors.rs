//! What is refused.

use super::*;

fn refusal(context: &Context, text: &str) -> Option<MaskError> {
    let whole = mask_bytes(context, &[text.as_bytes()]).err();
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(whole, mask_bytes(context, &bytes).err(), "{text}");
    whole
}

#[test]
fn a_document_that_cannot_be_understood_is_refused() {
    let small = Context { max_element_bytes: 64, ..secrets(Shape::Object) };
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(99));
    let twice = r#"{"kind":"Secret","apiVersion":"v1","data":{"a":"x","a":"y"}}"#;
    for (text, error) in [
        ("", MaskError::Truncated),
        (r#"{"kind":"Sec"#, MaskError::Truncated),
        ("[]", MaskError::NotAnObject),
        ("hello", MaskError::NotAnObject),
        (r#"{"metadata":[]}"#, MaskError::NotAnObject),
        ("{}{}", MaskError::TrailingData),
        (r#"{"a":1,"a":2}"#, MaskError::DuplicateKey),
        (twice, MaskError::DuplicateKey),
        (r#"{"metadata":{"name":"a","name":"b"}}"#, MaskError::DuplicateKey),
        (r#"{"a":01}"#, MaskError::Syntax),
        ("{]}", MaskError::Syntax),
        (&long, MaskError::TooLarge { limit_bytes: 64 }),
    ] {
        assert_eq!(refusal(&small, text), Some(error), "{text}");
    }
}

#[test]
fn a_list_that_cannot_be_understood_is_refused() {
    let small = Context { max_element_bytes: 64, ..secrets(Shape::List) };
    let long = format!(r#"[{{"a":"{}"}}]}}"#, "x".repeat(99));
    for (items, error) in [
        ("[{},]}", MaskError::Syntax),
        ("[,{}]}", MaskError::Syntax),
        ("[{}{}]}", MaskError::Syntax),
        (r#"["x"]}"#, MaskError::NotAnObject),
        ("[{}]", MaskError::Truncated),
        ("[{}", MaskError::Truncated),
        ("[{}]}{}", MaskError::TrailingData),
        (r#"[],"items":[]}"#, MaskError::DuplicateKey),
        (r#"[],"a":nil}"#, MaskError::Syntax),
        (&long, MaskError::TooLarge { limit_bytes: 64 }),
    ] {
        let text = format!(r#"{{"kind":"SecretList","apiVersion":"v1","items":{items}"#);
        assert_eq!(refusal(&small, &text), Some(error), "{text}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_its_end() {
    let small = Context { max_element_bytes: 64, ..secrets(Shape::List) };
    let opening = r#"{"kind":"SecretList","apiVersion":"v1","items":["#;
    for text in [format!("{opening}{{\"a\":\""), format!("{opening}],\"a\":\""), "{\"a\":\"".into()]
    {
        let mut masker = Masker::new(small.clone());
        let mut out = Vec::new();
        masker.push(text.as_bytes(), &mut out).unwrap();
        let refused = masker.push(&[b'x'; 64], &mut out);
        assert_eq!(refused, Err(MaskError::TooLarge { limit_bytes: 64 }));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let text = b"{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"a\":\"\xff\"}}";
    assert_eq!(mask_bytes(&secrets(Shape::Object), &[text]).err(), Some(MaskError::Syntax));
}

#[test]
fn nothing_passes_after_an_error() {
    let mut masker = Masker::new(secrets(Shape::Watch));
    let mut out = Vec::new();
    assert!(masker.push(b"{\"a\":x}", &mut out).is_err());
    assert_eq!(masker.push(b"{}", &mut out), Err(MaskError::Failed));
    assert_eq!(masker.finish(), Err(MaskError::Failed));
    assert!(out.is_empty());
}

#[test]
fn a_masker_shows_nothing_of_what_it_holds() {
    let mut masker = Masker::new(secrets(Shape::Object));
    masker.push(br#"{"data":{"a":"hunter2""#, &mut Vec::new()).unwrap();
    let shown = format!("{masker:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("104, 117, 110"), "{shown}");
}
