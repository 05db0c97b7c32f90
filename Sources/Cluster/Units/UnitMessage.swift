internal import Inputs

/// What the scheduler's ranks say to each other. Any of them is a sign of life.
enum UnitMessage: Equatable {
  /// To a worker: compute these units, after those it has.
  case units([Int])
  /// From a worker: these units are done and made durable there, or failed; the rest goes on.
  case ended([ComputePool.Ended])
  /// Both ways, when there is nothing else to say.
  case alive
  /// From a worker: it was asked to stop.
  case stopRequest
  /// From a worker: it cannot go on, and so nor can the job.
  case fatal(Refusal)
  /// To a worker: it is over.
  case end(Ending)
  /// From a worker: nothing comes after this.
  case goodbye

  enum Ending: Equatable {
    case finished
    case stopped
    case refused(Refusal)
  }

  var encoded: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .units(let units):
      writer.byte(1)
      writer.integer(units.count)
      for unit in units { writer.integer(unit) }
    case .ended(let all):
      writer.byte(2)
      writer.integer(all.count)
      for ended in all { writer.ended(ended) }
    case .alive: writer.byte(3)
    case .stopRequest: writer.byte(4)
    case .fatal(let refusal):
      writer.byte(5)
      writer.refusal(refusal)
    case .end(.finished): writer.byte(6)
    case .end(.stopped): writer.byte(7)
    case .end(.refused(let refusal)):
      writer.byte(8)
      writer.refusal(refusal)
    case .goodbye: writer.byte(9)
    }
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws(MPIError) {
    var reader = WireReader(bytes)
    switch try reader.byte() {
    case 1: self = .units(try reader.list { reader throws(MPIError) in try reader.integer() })
    case 2: self = .ended(try reader.list { reader throws(MPIError) in try reader.ended() })
    case 3: self = .alive
    case 4: self = .stopRequest
    case 5: self = .fatal(try reader.refusal())
    case 6: self = .end(.finished)
    case 7: self = .end(.stopped)
    case 8: self = .end(.refused(try reader.refusal()))
    case 9: self = .goodbye
    case let kind: throw .malformed(what: "a message of kind \(kind)")
    }
    try reader.end()
  }
}

extension WireWriter {
  fileprivate mutating func ended(_ ended: ComputePool.Ended) {
    integer(ended.unit)
    double(ended.seconds)
    switch ended.outcome {
    case .success(let bytes):
      byte(0)
      blob(bytes)
    case .failure(let failure):
      byte(1)
      string(failure.message)
    }
  }
}

extension WireReader {
  fileprivate mutating func ended() throws(MPIError) -> ComputePool.Ended {
    let (unit, seconds) = (try integer(), try double())
    switch try byte() {
    case 0: return .init(unit: unit, seconds: seconds, outcome: .success(try blob()))
    case 1:
      return .init(
        unit: unit, seconds: seconds,
        outcome: .failure(ComputePool.Failure(message: try string())))
    case let kind: throw .malformed(what: "an outcome of kind \(kind)")
    }
  }

  /// A count, and so many items; each of them takes a byte or more, so a false count ends soon.
  fileprivate mutating func list<Item>(
    _ item: (inout WireReader) throws(MPIError) -> Item
  ) throws(MPIError) -> [Item] {
    let count = try integer()
    guard count >= 0 else { throw .malformed(what: "a list of \(count) items") }
    var items: [Item] = []
    for _ in 0..<count { items.append(try item(&self)) }
    return items
  }
}
