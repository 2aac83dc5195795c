//! Tables whose every row ends in a checksum.
//!
//! Owns how a row is written and what is checked when it is read. No other module of the store opens a
//! table of the database, so no row is read or written without its checksum. The checksum is 64 bits of
//! XXH3 over the value, mixed with the table's name and the key: it finds what a medium altered, and rows
//! that stand under another key or in another table. It is no defence against a person, who can compute it
//! as well; the hashes of blocks are.
#![cfg_attr(not(feature = "test-util"), allow(unreachable_pub, reason = "tests elsewhere use it"))]

mod sums;

use core::borrow::Borrow;
use core::marker::PhantomData;
use core::ops::{Bound, RangeBounds};

use redb::{
    AccessGuard, CursorError, CursorMut, ReadTransaction, TableError, Value, WriteTransaction,
};

pub(crate) use self::sums::CHECKSUM_BYTES;
use self::sums::Checksums;
use super::fault::Fault;
use super::row_key::RowKey;

/// A row as the database has it: the value and the checksum.
type Bytes = &'static [u8];

/// The name of a table and the types of its rows.
#[derive(Debug)]
pub struct TableDefinition<K: RowKey, V: Value + 'static> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: RowKey, V: Value + 'static> Clone for TableDefinition<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: RowKey, V: Value + 'static> Copy for TableDefinition<K, V> {}

impl<K: RowKey, V: Value + 'static> TableDefinition<K, V> {
    pub const fn new(name: &'static str) -> Self {
        Self { name, types: PhantomData }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    fn raw(&self) -> redb::TableDefinition<'static, K, Bytes> {
        redb::TableDefinition::new(self.name)
    }

    fn over<T>(&self, rows: T) -> Checked<T, K, V> {
        Checked { rows, sums: Checksums::of_table(self.name), row: Vec::new(), types: PhantomData }
    }
}

impl Checksums {
    fn check<'a, K: RowKey, V: Value + 'static>(
        self,
        key: &K::SelfType<'_>,
        row: AccessGuard<'a, Bytes>,
    ) -> Result<Row<'a, V>, Fault> {
        if self.fits::<V>(K::as_bytes(key).as_ref(), row.value()) {
            Ok(Row { row, types: PhantomData })
        } else {
            Err(Fault::Altered { table: self.table, key: K::shown(key) })
        }
    }
}

/// Whether a row of a table, by the table's name, is as it was written under this key.
pub(crate) fn row_fits(table: &'static str, key: &[u8], row: &[u8]) -> bool {
    Checksums::of_table(table).fits::<Bytes>(key, row)
}

/// A row without its checksum.
pub(crate) fn row_value(row: &[u8]) -> &[u8] {
    row.get(..row.len().saturating_sub(CHECKSUM_BYTES)).unwrap_or_default()
}

/// Shows `visit` the rows of a table of an early version, whose rows have no checksums, as far as they can
/// be read.
pub(crate) fn visit_unchecked<K: RowKey, V: Value + 'static>(
    transaction: &ReadTransaction,
    definition: TableDefinition<K, V>,
    mut visit: impl FnMut(K::SelfType<'_>, V::SelfType<'_>),
) -> Result<(), Fault> {
    let table = transaction.open_table(redb::TableDefinition::<K, V>::new(definition.name))?;
    for row in redb::ReadableTable::iter(&table)? {
        let (key, row) = row?;
        visit(key.value(), row.value());
    }
    Ok(())
}

/// The value of a row whose checksum holds.
pub struct Row<'a, V: Value + 'static> {
    row: AccessGuard<'a, Bytes>,
    types: PhantomData<fn() -> V>,
}

impl<V: Value + 'static> Row<'_, V> {
    pub fn value(&self) -> V::SelfType<'_> {
        V::from_bytes(row_value(self.row.value()))
    }
}

/// An open table.
pub struct Checked<T, K, V> {
    rows: T,
    sums: Checksums,
    /// The row that is being written.
    row: Vec<u8>,
    types: PhantomData<fn() -> (K, V)>,
}

/// A table within one commit.
pub type Table<'txn, K, V> = Checked<redb::Table<'txn, K, Bytes>, K, V>;
/// A table as one read sees it.
pub type ReadOnlyTable<K, V> = Checked<redb::ReadOnlyTable<K, Bytes>, K, V>;

/// Opens tables to read them.
pub trait ReadTables {
    fn table<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<ReadOnlyTable<K, V>, Fault>;

    /// The table, if it is there.
    fn table_if_there<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, Fault>;
}

impl ReadTables for ReadTransaction {
    fn table<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<ReadOnlyTable<K, V>, Fault> {
        Ok(definition.over(self.open_table(definition.raw())?))
    }

    fn table_if_there<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, Fault> {
        match self.open_table(definition.raw()) {
            Ok(rows) => Ok(Some(definition.over(rows))),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Opens tables to change them.
pub trait WriteTables {
    /// The table, which is made where it is missing.
    fn table<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<Table<'_, K, V>, Fault>;
}

impl WriteTables for WriteTransaction {
    fn table<K: RowKey, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<Table<'_, K, V>, Fault> {
        Ok(definition.over(self.open_table(definition.raw())?))
    }
}

/// Reads of a table, whatever has it open.
pub trait ReadableTable<K: RowKey, V: Value + 'static> {
    fn get<'k>(&self, key: impl Borrow<K::SelfType<'k>>) -> Result<Option<Row<'_, V>>, Fault>;

    fn range<'k, R>(&self, range: impl RangeBounds<R> + 'k) -> Result<Rows<'_, K, V>, Fault>
    where
        R: Borrow<K::SelfType<'k>> + 'k;

    fn iter(&self) -> Result<Rows<'_, K, V>, Fault>;

    fn len(&self) -> Result<u64, Fault>;

    fn is_empty(&self) -> Result<bool, Fault> {
        Ok(self.len()? == 0)
    }

    fn first(&self) -> Result<Option<KeyAndRow<'_, K, V>>, Fault> {
        self.iter()?.next().transpose()
    }

    fn last(&self) -> Result<Option<KeyAndRow<'_, K, V>>, Fault> {
        self.iter()?.next_back().transpose()
    }
}

impl<T, K, V> ReadableTable<K, V> for Checked<T, K, V>
where
    T: redb::ReadableTable<K, Bytes>,
    K: RowKey,
    V: Value + 'static,
{
    fn get<'k>(&self, key: impl Borrow<K::SelfType<'k>>) -> Result<Option<Row<'_, V>>, Fault> {
        let key: &K::SelfType<'k> = key.borrow();
        match self.rows.get(key)? {
            Some(row) => self.sums.check::<K, V>(key, row).map(Some),
            None => Ok(None),
        }
    }

    fn range<'k, R>(&self, range: impl RangeBounds<R> + 'k) -> Result<Rows<'_, K, V>, Fault>
    where
        R: Borrow<K::SelfType<'k>> + 'k,
    {
        Ok(Rows::new(self.rows.range(range)?, self.sums))
    }

    fn iter(&self) -> Result<Rows<'_, K, V>, Fault> {
        Ok(Rows::new(self.rows.iter()?, self.sums))
    }

    fn len(&self) -> Result<u64, Fault> {
        Ok(self.rows.len()?)
    }
}

impl<K: RowKey, V: Value + 'static> ReadOnlyTable<K, V> {
    /// The bytes of a row as they are. Only of a store whose version is not known yet: rows of early
    /// versions have no checksums.
    pub fn unchecked<'k>(
        &self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.rows.get(key)?.map(|row| row.value().to_vec()))
    }

    /// Rows that outlive the table.
    pub fn into_rows<'k, R>(
        self,
        range: impl RangeBounds<R> + 'k,
    ) -> Result<Rows<'static, K, V>, Fault>
    where
        R: Borrow<K::SelfType<'k>> + 'k,
    {
        Ok(Rows::new(self.rows.range(range)?, self.sums))
    }
}

/// A key and its row.
pub type KeyAndRow<'a, K, V> = (AccessGuard<'a, K>, Row<'a, V>);

/// Rows of a range of keys, from either end.
pub struct Rows<'a, K: RowKey, V: Value + 'static> {
    rows: redb::Range<'a, K, Bytes>,
    sums: Checksums,
    types: PhantomData<fn() -> V>,
}

impl<'a, K: RowKey, V: Value + 'static> Rows<'a, K, V> {
    fn new(rows: redb::Range<'a, K, Bytes>, sums: Checksums) -> Self {
        Self { rows, sums, types: PhantomData }
    }

    fn check(
        sums: Checksums,
        row: Result<(AccessGuard<'a, K>, AccessGuard<'a, Bytes>), redb::StorageError>,
    ) -> Result<KeyAndRow<'a, K, V>, Fault> {
        let (key, row) = row?;
        let row = sums.check::<K, V>(&key.value(), row)?;
        Ok((key, row))
    }
}

impl<'a, K: RowKey, V: Value + 'static> Iterator for Rows<'a, K, V> {
    type Item = Result<KeyAndRow<'a, K, V>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Self::check(self.sums, self.rows.next()?))
    }
}

impl<K: RowKey, V: Value + 'static> DoubleEndedIterator for Rows<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        Some(Self::check(self.sums, self.rows.next_back()?))
    }
}

/// What `read` makes of each row of a table, in order of keys, as one read sees them.
pub(crate) fn all_rows<K: RowKey, T, F: Fn(K::SelfType<'_>, &[u8]) -> Result<T, Fault>>(
    transaction: &ReadTransaction,
    definition: TableDefinition<K, Bytes>,
    read: F,
) -> Result<impl Iterator<Item = Result<T, Fault>> + use<K, T, F>, Fault> {
    let rows = transaction.table(definition)?.into_rows::<K::SelfType<'_>>(..)?;
    Ok(rows.map(move |row| {
        let (key, bytes) = row?;
        read(key.value(), bytes.value())
    }))
}

impl<K: RowKey, V: Value + 'static> Table<'_, K, V> {
    /// Writes a row in place of what was there. Returns whether anything was.
    pub fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<bool, Fault> {
        let key: &K::SelfType<'k> = key.borrow();
        self.sums.seal::<V>(K::as_bytes(key).as_ref(), value.borrow(), &mut self.row);
        Ok(self.rows.insert(key, self.row.as_slice())?.is_some())
    }

    /// Takes a row out and returns it.
    pub fn remove<'k>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<Row<'_, V>>, Fault> {
        let key: &K::SelfType<'k> = key.borrow();
        let sums = self.sums;
        match self.rows.remove(key)? {
            Some(row) => sums.check::<K, V>(key, row).map(Some),
            None => Ok(None),
        }
    }

    /// Takes a row out without reading it. Returns whether there was one.
    pub fn discard<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>) -> Result<bool, Fault> {
        Ok(self.rows.remove(key)?.is_some())
    }

    /// Takes out every row from a key on, without reading any.
    pub fn discard_from<'k>(
        &mut self,
        from: impl Borrow<K::SelfType<'k>> + 'k,
    ) -> Result<(), Fault> {
        Ok(self.rows.retain_in(from.., |_, _| false)?)
    }

    pub fn clear(&mut self) -> Result<(), Fault> {
        Ok(self.rows.retain(|_, _| false)?)
    }

    /// The end of the table, for rows whose keys are higher than all that are there. One sweep costs a
    /// fraction of finding the end for each row.
    pub fn end(&mut self) -> Result<TableEnd<'_, K, V>, Fault> {
        let Self { rows, sums, row, .. } = self;
        let end = rows.upper_bound_mut(Bound::<K::SelfType<'_>>::Unbounded)?;
        Ok(TableEnd { end, sums: *sums, row, types: PhantomData })
    }
}

/// The end of a table, where rows are written one after another.
pub struct TableEnd<'a, K: RowKey, V: Value + 'static> {
    end: CursorMut<'a, K, Bytes>,
    sums: Checksums,
    row: &'a mut Vec<u8>,
    types: PhantomData<fn() -> V>,
}

impl<K: RowKey, V: Value + 'static> TableEnd<'_, K, V> {
    /// Writes a row; `false` where its key is not higher than that of the row before.
    pub fn push<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<bool, Fault> {
        let key: &K::SelfType<'k> = key.borrow();
        self.sums.seal::<V>(K::as_bytes(key).as_ref(), value.borrow(), self.row);
        match self.end.insert_before(key, self.row.as_slice()) {
            Ok(()) => Ok(true),
            Err(CursorError::UnorderedKey) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn close(self) -> Result<(), Fault> {
        Ok(self.end.close()?)
    }
}
