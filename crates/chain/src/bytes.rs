//! Values of a fixed number of bytes that are written as hexadecimal digits.
//!
//! Owns how such a value is read and written, in JSON and for people; what the bytes mean is up to the
//! type that the macro makes.

/// Why a text is no value of a fixed number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {digits} hexadecimal digits")]
pub struct ParseBytesError {
    /// What was to be read, with its article.
    pub what: &'static str,
    /// Digits that it takes.
    pub digits: usize,
}

/// Makes a type of `$length` bytes that reads and writes itself as hexadecimal digits. Programs
/// are told of it by its documentation and the example.
macro_rules! fixed_bytes {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $length:literal, $what:literal, $example:literal
    ) => {
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            borsh::BorshSerialize, borsh::BorshDeserialize,
        )]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// All bytes zero: what stands where there is none.
            pub const ZERO: Self = Self([0; $length]);
        }

        $crate::bytes::described!(
            $name,
            [$($doc.trim()),+].join("\n"),
            $crate::bytes::pattern($length),
            $example
        );

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::hex::write(&self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::bytes::ParseBytesError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::hex::decode_array(text).map(Self).ok_or($crate::bytes::ParseBytesError {
                    what: $what,
                    digits: 2 * $length,
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <alloc::string::String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use fixed_bytes;

/// Describes a type that is written as text of a pattern.
macro_rules! described {
    ($name:ident, $description:expr, $pattern:expr, $example:literal) => {
        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($description))
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use described;

/// What the digits of so many bytes look like.
#[cfg(feature = "schema")]
pub(crate) fn pattern(bytes: usize) -> alloc::string::String {
    alloc::format!("^[0-9A-Fa-f]{{{}}}$", 2 * bytes)
}

#[cfg(test)]
mod tests {
    use crate::ledger::Salt;
    use alloc::string::ToString;

    #[test]
    fn a_value_reads_what_it_writes_in_any_case() {
        let salt = Salt([0x0a; 16]);
        assert_eq!(salt.to_string(), "0a".repeat(16));
        assert_eq!("0A".repeat(16).parse(), Ok(salt));
    }

    #[test]
    fn other_lengths_and_other_characters_are_refused_with_what_was_expected() {
        let right = "0a".repeat(16);
        for wrong in [
            "",
            "0a",
            &(right.clone() + "0a"),
            &right.replacen('a', "g", 1),
            &right.replacen('0', "+", 1),
        ] {
            let error = wrong.parse::<Salt>().unwrap_err();
            assert_eq!(error.to_string(), "a salt is 32 hexadecimal digits", "{wrong}");
        }
    }
}
