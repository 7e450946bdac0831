//! What attackers try, and what becomes of it: a catalogue.
//!
//! Each entry says what the attacker sends, what an unguarded API server does with it, and what
//! kguard does. All of it happens against the real API server: the attack is shown to work there
//! where it does, to fail through kguard, and the honest form of the same request to work.
//!
//! | chapter | the attacker wants to |
//! |---|---|
//! | [`paths`] | have a path read as another one |
//! | [`queries`] | have a query believed that the server does not read, or the reverse |
//! | [`bodies`] | have a body read as another one |
//! | [`patches`] | change by a patch what it does not seem to change |
//! | [`messages`] | have a message end where it does not, or begin a second one |
//! | [`frames`] | do the same in HTTP/2 |
//! | [`methods`] | have a method, an upgrade or a path without a resource taken for another |
//! | [`identity`] | be somebody else, or nobody |
//! | [`values`] | see what is masked |
//! | [`reach`] | find a request that does what a policy denies and is not the one that it names |
//! | [`approvals`] | use an approval for more than it was given for |
//! | [`control`] | have the control API misbehave |
//! | [`flood`] | stall the gateway or take its memory |
//! | [`upstream`] | be the API server, and have a client be given what cannot be masked |
//!
//! [`catalogue`] is what entries are made of, [`lab`] where they are shown ([`h2`] for what is sent
//! in HTTP/2), and [`book`] writes them down in `docs/bypasses.md`.

mod approvals;
mod bodies;
mod book;
mod catalogue;
mod control;
mod flood;
mod frames;
mod h2;
mod identity;
pub mod lab;
mod messages;
mod methods;
mod patches;
mod paths;
mod queries;
mod reach;
mod upstream;
mod values;

/// Makes a test of each section, and a list of them all.
macro_rules! catalogue {
    ($($test:ident: $section:path,)*) => {
        const CATALOGUE: &[&catalogue::Section] = &[$(&$section),*];
        $(
            #[test]
            fn $test() {
                $section.show();
            }
        )*
    };
}

catalogue! {
    a_path_has_one_reading: paths::spelling::SPELLING,
    a_path_names_what_the_server_finds_by_it: paths::names::NAMES,
    a_query_has_one_reading: queries::spelling::SPELLING,
    a_list_a_watch_and_a_get_are_told_apart_as_the_server_does: queries::lists::LISTS,
    a_delete_takes_its_options_from_where_the_server_does: queries::deletes::DELETES,
    a_body_has_one_reading_as_json: bodies::json::JSON,
    a_body_has_one_reading_as_yaml: bodies::yaml::YAML,
    a_body_has_one_reading_as_protobuf: bodies::protobuf::PROTOBUF,
    a_body_is_of_the_type_that_it_says: bodies::types::TYPES,
    a_body_is_of_the_object_that_the_path_names: bodies::objects::OBJECTS,
    a_patch_has_one_reading: patches::SPELLING,
    a_message_ends_where_it_says: messages::ENDS,
    a_head_has_one_reading: messages::HEADS,
    a_frame_has_one_reading: frames::FRAMES,
    a_method_is_what_the_request_line_says: methods::verbs::METHODS,
    nothing_is_upgraded_but_streams: methods::upgrades::UPGRADES,
    paths_without_a_resource_are_closed_unless_they_are_named: methods::closed::CLOSED,
    no_header_makes_a_caller_somebody_else: identity::HEADERS,
    no_media_type_shows_a_masked_value: values::reads::READS,
    no_echo_of_a_write_shows_a_masked_value: values::echoes::ECHOES,
    no_error_quotes_a_masked_value: values::errors::ERRORS,
    no_patch_moves_a_masked_value_or_tells_a_guess: values::patches::PATCHES,
    an_exec_is_denied_by_every_name: reach::code::EXEC,
    a_proxy_is_denied_by_every_name: reach::proxies::PROXIES,
    a_denied_delete_is_denied_by_every_name: reach::kills::DELETES,
    a_denied_name_is_denied_among_others: reach::names::NAMES,
    credentials_are_denied_by_every_name: reach::credentials::CREDENTIALS,
    a_create_is_denied_by_every_name: reach::detours::CREATES,
    an_object_is_denied_by_its_parts: reach::detours::WHOLES,
    a_denied_namespace_is_not_listed: reach::detours::NAMESPACES,
}

#[test]
fn the_page_says_what_the_tests_show() {
    let stories = [&approvals::STORIES, &control::STORIES, &flood::STORIES, &upstream::STORIES];
    let sections: Vec<_> = CATALOGUE.iter().copied().chain(stories).collect();
    book::hold_against(&sections);
}
