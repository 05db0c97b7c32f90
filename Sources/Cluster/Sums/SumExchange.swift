/// The additions between ranks, piece by piece: while one piece goes up the tree, the next is
/// under way below it.
final class SumExchange<Element: SumElement> {
  private enum Step {
    case add(SumVector<Element>, into: SumVector<Element>)
    case send(SumVector<Element>, to: Int)
    case receive(Inbound, into: SumVector<Element>)
  }

  /// Pieces on their way from one rank: two at a time, one to add while the next arrives.
  private final class Inbound {
    let source: Int
    var free: [SumVector<Element>]
    var waiting: [(vector: SumVector<Element>, transfer: Transfer)] = []

    init(from source: Int, pieceLength: Int) {
      self.source = source
      free = [SumVector(zeros: pieceLength), SumVector(zeros: pieceLength)]
    }
  }

  private let communicator: Communicator
  private let length: Int
  private let pieceLength: Int
  private var steps: [Step] = []
  private let result: SumVector<Element>
  private let down: BroadcastTree
  private let (upTag, downTag): (Int32, Int32)
  private var sends: [(rank: Int, transfer: Transfer)] = []

  init(
    tree: SumTree, owners: [SumNode: Int], values: [SumNode: SumVector<Element>], length: Int,
    on communicator: Communicator
  ) {
    self.communicator = communicator
    self.length = length
    let stride = MemoryLayout<Element>.stride
    pieceLength = max(1, min(256 << 10, communicator.collectives?.limit ?? .max) / stride)
    (upTag, downTag) = (communicator.nextCollectiveTag(), communicator.nextCollectiveTag())
    let (merges, rootRank) = tree.merges(of: owners)
    down = BroadcastTree(rank: communicator.rank, size: communicator.size, root: rootRank)

    // A node without a right half is its left half: one vector goes by both names.
    var vectors = Dictionary(
      uniqueKeysWithValues: values.map { (tree.key(of: $0.key), $0.value) })
    for merge in merges {
      let rank = communicator.rank
      let (left, right) = (tree.key(of: merge.left), tree.key(of: merge.left.sibling))
      let (leftVector, rightVector) = (vectors[left], vectors[right])
      let parent = tree.key(of: merge.left.parent)
      switch (merge.leftRank == rank, merge.rightRank == rank) {
      case (true, true):
        guard let leftVector, let rightVector else { continue }
        steps.append(.add(rightVector, into: leftVector))
        vectors[parent] = leftVector
      case (true, false), (false, true):
        guard let mine = leftVector ?? rightVector else { continue }
        let other = merge.leftRank == rank ? merge.rightRank : merge.leftRank
        if merge.rank == rank {
          steps.append(.receive(Inbound(from: other, pieceLength: pieceLength), into: mine))
          vectors[parent] = mine
        } else {
          steps.append(.send(mine, to: other))
        }
      case (false, false): continue
      }
    }
    let root = rootRank == communicator.rank ? vectors[tree.key(of: tree.root)] : nil
    result = root ?? SumVector(zeros: length)
  }

  func run() throws(MPIError) -> SumVector<Element> {
    let pieces = stride(from: 0, to: length, by: pieceLength).map {
      $0..<min($0 + pieceLength, length)
    }
    for piece in pieces.prefix(2) {
      for case .receive(let inbound, _) in steps { try post(inbound, piece) }
    }
    for (number, piece) in pieces.enumerated() {
      for step in steps {
        switch step {
        case .add(let from, let into):
          Element.add(
            from.start + piece.lowerBound, into: into.start + piece.lowerBound, count: piece.count)
        case .send(let vector, let rank):
          try send(vector, piece, to: rank, tag: upTag)
        case .receive(let inbound, let into):
          let arrived = inbound.waiting.removeFirst()
          try wait(for: arrived.transfer, of: inbound.source)
          Element.add(
            arrived.vector.start, into: into.start + piece.lowerBound, count: piece.count)
          inbound.free.append(arrived.vector)
          if number + 2 < pieces.count { try post(inbound, pieces[number + 2]) }
        }
      }
      if down.parent == nil { try passDown(piece) }
    }
    if let parent = down.parent { try receive(pieces, from: parent) }
    for send in sends { try wait(for: send.transfer, of: send.rank) }
    return result
  }

  /// Receives the sum from above, a few pieces ahead, and passes each on at once.
  private func receive(_ pieces: [Range<Int>], from parent: Int) throws(MPIError) {
    guard let channel = communicator.collectives else { return }
    let ahead = 4
    var transfers: [Transfer] = []
    for number in 0..<pieces.count + ahead {
      if number < pieces.count {
        transfers.append(
          try .receive(
            result.start + pieces[number].lowerBound, count: bytes(pieces[number]), from: parent,
            tag: downTag, on: channel.handle))
      }
      guard number >= ahead else { continue }
      try wait(for: transfers.removeFirst(), of: parent)
      try passDown(pieces[number - ahead])
    }
  }

  private func passDown(_ piece: Range<Int>) throws(MPIError) {
    for child in down.children { try send(result, piece, to: child, tag: downTag) }
  }

  private func post(_ inbound: Inbound, _ piece: Range<Int>) throws(MPIError) {
    guard let channel = communicator.collectives else { return }
    let vector = inbound.free.removeLast()
    let transfer = try Transfer.receive(
      vector.start, count: bytes(piece), from: inbound.source, tag: upTag, on: channel.handle)
    inbound.waiting.append((vector, transfer))
  }

  private func send(
    _ vector: SumVector<Element>, _ piece: Range<Int>, to rank: Int, tag: Int32
  ) throws(MPIError) {
    guard let channel = communicator.collectives else { return }
    let transfer = try Transfer.send(
      vector.start + piece.lowerBound, count: bytes(piece), to: rank, tag: tag, on: channel.handle)
    sends.append((rank, transfer))
    while let first = sends.first, try first.transfer.isDone() { sends.removeFirst() }
  }

  private func wait(for transfer: Transfer, of rank: Int) throws(MPIError) {
    try communicator.wait(on: { rank }) { () throws(MPIError) in try transfer.isDone() }
  }

  private func bytes(_ piece: Range<Int>) -> Int { piece.count * MemoryLayout<Element>.stride }
}
