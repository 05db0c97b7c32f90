internal import Inputs

/// What the scheduler's ranks say to each other. Any of them is a sign of life.
enum UnitMessage: Equatable {
  /// To a worker: compute this unit, after those it has.
  case unit(Int)
  /// From a worker: the unit is done and made durable there.
  case done(unit: Int, seconds: Double, bytes: [UInt8])
  /// From a worker: computing the unit threw this error; the rest goes on.
  case failed(unit: Int, message: String)
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
    case .unit(let unit):
      writer.byte(1)
      writer.integer(unit)
    case .done(let unit, let seconds, let bytes):
      writer.byte(2)
      writer.integer(unit)
      writer.double(seconds)
      writer.blob(bytes)
    case .failed(let unit, let message):
      writer.byte(3)
      writer.integer(unit)
      writer.string(message)
    case .alive: writer.byte(4)
    case .stopRequest: writer.byte(5)
    case .fatal(let refusal):
      writer.byte(6)
      writer.refusal(refusal)
    case .end(.finished): writer.byte(7)
    case .end(.stopped): writer.byte(8)
    case .end(.refused(let refusal)):
      writer.byte(9)
      writer.refusal(refusal)
    case .goodbye: writer.byte(10)
    }
    return writer.bytes
  }

  init(_ bytes: [UInt8]) throws(MPIError) {
    var reader = WireReader(bytes)
    switch try reader.byte() {
    case 1: self = .unit(try reader.integer())
    case 2:
      self = .done(
        unit: try reader.integer(), seconds: try reader.double(), bytes: try reader.blob())
    case 3: self = .failed(unit: try reader.integer(), message: try reader.string())
    case 4: self = .alive
    case 5: self = .stopRequest
    case 6: self = .fatal(try reader.refusal())
    case 7: self = .end(.finished)
    case 8: self = .end(.stopped)
    case 9: self = .end(.refused(try reader.refusal()))
    case 10: self = .goodbye
    case let kind: throw .malformed(what: "a message of kind \(kind)")
    }
    try reader.end()
  }
}
