internal import Inputs

/// The bytes of a journal, read a block at a time: a file of any size takes the memory of a block.
struct JournalBytes {
  private static let blockSize = 1 << 20
  private let file: BoundedFile
  private var block: [UInt8] = []
  private var start = 0

  init(_ file: BoundedFile) { self.file = file }

  var size: Int { file.size }

  /// The bytes of a range that lies inside the file.
  mutating func at(_ offset: Int, _ count: Int) throws(Refusal) -> [UInt8] {
    if offset < start || offset + count > start + block.count {
      let wanted = min(max(count, Self.blockSize), file.size - offset)
      block = try readTwice(offset, wanted)
      start = offset
    }
    return Array(block[offset - start..<offset - start + count])
  }

  /// Where the next good record header begins, past an offset that holds none.
  mutating func nextRecord(after offset: Int) throws(Refusal) -> (offset: Int, sequence: UInt32)? {
    var at = offset + 1
    while at + JournalFraming.headerSize <= size {
      let window = try self.at(at, min(Self.blockSize, size - at))
      for place in 0...(window.count - JournalFraming.headerSize)
      where window[place + 8] == JournalFraming.tag[0]
        && window[place + 9] == JournalFraming.tag[1]
      {
        let header = JournalFraming.header(
          Array(window[place..<place + JournalFraming.headerSize]))
        if let header { return (at + place, header.sequence) }
      }
      at += window.count - JournalFraming.headerSize + 1
    }
    return nil
  }

  /// Whether every byte from an offset to the end is zero, as after a power cut.
  mutating func isZero(from offset: Int) throws(Refusal) -> Bool {
    var at = offset
    while at < size {
      let window = try self.at(at, min(Self.blockSize, size - at))
      guard window.allSatisfy({ $0 == 0 }) else { return false }
      at += window.count
    }
    return true
  }

  /// Whether a sector from an offset on was never written, as after a power cut: its part of the file
  /// is all zero, and longer than zeros are in a record. Devices write whole sectors, file systems
  /// blocks of one or more.
  mutating func hasUnwrittenSector(from offset: Int) throws(Refusal) -> Bool {
    let (sector, least) = (512, 32)
    var at = offset
    while at < size {
      let end = min(size, (at / sector + 1) * sector)
      if end - at >= least, try self.at(at, end - at).allSatisfy({ $0 == 0 }) { return true }
      at = end
    }
    return false
  }

  /// A device may fail a read once and not again; a second failure is final.
  private func readTwice(_ offset: Int, _ count: Int) throws(Refusal) -> [UInt8] {
    do throws(Refusal) { return try file.bytes(at: offset, count: count) } catch {
      return try file.bytes(at: offset, count: count)
    }
  }
}
