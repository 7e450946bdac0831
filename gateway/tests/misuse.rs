//! What the types of the data path forbid. Each file in `misuse/` is a way to send, answer or
//! approve something out of order, and does not compile.

#[test]
fn the_data_path_cannot_be_used_out_of_order() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/misuse/*.rs");
}
