/// Scheduler messages on their way out; none is waited for while others could be served.
struct Outbox {
  private let communicator: Communicator
  private let tag: Int
  private var posted: [PostedMessage] = []

  init(_ communicator: Communicator, tag: Int) {
    (self.communicator, self.tag) = (communicator, tag)
  }

  mutating func send(_ message: UnitMessage, to rank: Int) throws(MPIError) {
    posted.append(try communicator.post(message.encoded, to: rank, tag: tag))
  }

  /// Forgets what has left; true once all has.
  mutating func flush() throws(MPIError) -> Bool {
    var open: [PostedMessage] = []
    for message in posted where try !message.isDone() { open.append(message) }
    posted = open
    return posted.isEmpty
  }
}
