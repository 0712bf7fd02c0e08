//! Memory for the small pieces of one turn.

use bytes::{Bytes, BytesMut};

/// The most that a piece can keep besides itself, when all others of its chunk are gone.
const MOST: usize = 4 << 10;

/// What the third chunk of a turn holds: of two pieces each stands alone, since a socket that connects emits about as many, and then is idle.
const FEW: usize = 512;

/// Gives pieces of shared memory: one allocation serves many, where each of its own would cost as much as all the rest of a small message.
///
/// A piece keeps its whole chunk. So a chunk belongs to one session and one turn, is no larger than what that turn has used so far makes likely, and
/// at most 4 KiB; a larger piece stands alone.
#[derive(Default)]
pub(crate) struct Chunk {
    rest: BytesMut,
    next: usize,
    /// Chunks so far.
    count: u8,
}

impl Chunk {
    /// Pieces of so many bytes will be asked for in all.
    pub(crate) fn of(bytes: usize) -> Self {
        Self { rest: BytesMut::new(), next: bytes.min(MOST), count: 1 }
    }

    /// Memory for one piece of about `size` bytes, which the caller fills and then [takes](Self::take).
    pub(crate) fn room(&mut self, size: usize) -> &mut BytesMut {
        if self.rest.capacity() < size {
            self.rest = BytesMut::with_capacity(size.max(self.next));
            self.next = if self.count == 0 { 0 } else { (4 * self.next).clamp(FEW, MOST) };
            self.count = self.count.saturating_add(1);
        }
        &mut self.rest
    }

    /// The piece that was filled.
    pub(crate) fn take(&mut self) -> Bytes {
        self.rest.split().freeze()
    }

    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Bytes {
        self.room(bytes.len()).extend_from_slice(bytes);
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_side_by_side() {
        let mut chunk = Chunk::of(100);
        let pieces: Vec<Bytes> = (0..10u8).map(|byte| chunk.copy(&[byte; 10])).collect();
        for (pair, byte) in pieces.windows(2).zip(0..) {
            assert_eq!(pair[0], &[byte; 10][..]);
            assert_eq!(pair[0].as_ptr_range().end, pair[1].as_ptr());
        }
    }

    #[test]
    fn a_large_piece_stands_alone() {
        let mut chunk = Chunk::default();
        for size in [10, 5_000, 10, 4_000, 5_000] {
            chunk.copy(&vec![1; size]);
            assert!(chunk.rest.capacity() <= MOST - 10);
        }
    }
}
