//! Macros that do nothing, in the place of those of utoipa with the same names.
//!
//! Types and handlers say beside their code what the document of the API needs to know of them. Only the test
//! that makes the document reads that, with the macros of utoipa; the program is built with these.

use proc_macro::TokenStream;

/// Nothing for a form.
#[proc_macro_derive(ToSchema, attributes(schema))]
pub fn to_schema(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Nothing for the parameters of a query.
#[proc_macro_derive(IntoParams, attributes(into_params, param))]
pub fn into_params(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// The handler alone.
#[proc_macro_attribute]
pub fn path(_: TokenStream, handler: TokenStream) -> TokenStream {
    handler
}
