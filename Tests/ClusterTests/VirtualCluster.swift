@testable import Cluster

/// Ranks in virtual time, served by the real queue: what a trace costs on more of them than any test
/// has.
///
/// Rank 0 answers one report after another; a rank that runs out of units waits for its answer.
struct VirtualCluster: Sendable {
  /// One compute thread each.
  var ranks: Int
  /// Seconds that a unit takes once its base is there, by number.
  var seconds: [Double]
  /// The fact of each unit, whose base runs a rank makes once and keeps while it is among the last
  /// two.
  var group: [Int]
  var baseSeconds: Double
  /// Seconds of rank 0 for each report and for each unit in it, and of a message under way.
  var serviceSeconds = 0.0002
  var unitServiceSeconds = 0.00002
  var latency = 0.0001
  /// How much slower a rank is than the others.
  var slowness: @Sendable (Int) -> Double = { _ in 1 }

  struct Outcome {
    /// From the start to the last result.
    let elapsed: Double
    /// Seconds of units alone, without bases, over those of all ranks.
    let efficiency: Double
    /// Part of the time that rank 0 serves messages.
    let coordinatorLoad: Double
    /// Base runs over the fewest possible, one a fact.
    let bases: Double
    /// The units whose results rank 0 has.
    let done: Set<Int>
  }

  private struct Event {
    let time: Double
    let rank: Int
    let unit: Int
  }

  /// Runs all units but those that are done.
  ///
  /// - Parameter end: When the job dies, with all that is under way; nil: it does not.
  func run(besides known: Set<Int> = [], until end: Double = .infinity) -> Outcome {
    let units = seconds.indices.filter { !known.contains($0) }
    var queue = UnitQueue(
      units: units.map { WorkUnit(number: $0, cost: seconds[$0], group: group[$0]) },
      threads: Array(repeating: 1, count: ranks))
    var inHand = Array(repeating: [Int](), count: ranks)
    var kept = Array(repeating: [Int](), count: ranks)
    var isBusy = Array(repeating: false, count: ranks)
    var unreported = Array(repeating: [Int](), count: ranks)
    var lastReport = Array(repeating: 0.0, count: ranks)
    let pace = UnitPace(ranks: ranks)
    var events = Heap<Event> { $0.time < $1.time }
    var (now, coordinatorFree, served, bases) = (0.0, 0.0, 0.0, 0)
    var done: Set<Int> = []

    func begin(_ rank: Int, at time: Double) {
      guard !isBusy[rank], !inHand[rank].isEmpty else { return }
      let unit = inHand[rank].removeFirst()
      var cost = seconds[unit]
      if !kept[rank].contains(group[unit]) {
        cost += baseSeconds
        bases += 1
        kept[rank].append(group[unit])
        if kept[rank].count > 2 { kept[rank].removeFirst() }
      }
      isBusy[rank] = true
      events.insert(Event(time: time + cost * slowness(rank), rank: rank, unit: unit))
    }

    for assignment in queue.start() { inHand[assignment.rank].append(assignment.unit) }
    for rank in 0..<ranks { begin(rank, at: latency) }
    while let event = events.popLeast(), event.time <= end {
      now = event.time
      done.insert(event.unit)
      isBusy[event.rank] = false
      begin(event.rank, at: now)
      let rank = event.rank
      unreported[rank].append(event.unit)
      guard pace.isDue(after: now - lastReport[rank], waits: !inHand[rank].isEmpty) else {
        continue
      }
      // Rank 0 hears of them, serves them when it has served those before, and its answer travels
      // back.
      let service = serviceSeconds + Double(unreported[rank].count) * unitServiceSeconds
      coordinatorFree = max(now + latency, coordinatorFree) + service
      served += service
      for unit in unreported[rank] {
        _ = queue.end(unit, on: rank, after: seconds[unit] * slowness(rank))
      }
      (unreported[rank], lastReport[rank]) = ([], now)
      inHand[rank] += queue.refill(rank).map(\.unit)
      begin(rank, at: coordinatorFree + latency)
    }
    let work = done.reduce(0) { $0 + seconds[$1] }
    return Outcome(
      elapsed: now, efficiency: work / (now * Double(ranks)), coordinatorLoad: served / now,
      bases: Double(bases) / Double(Set(group).count), done: done)
  }
}

/// A heap whose least element is taken first.
struct Heap<Element> {
  private var items: [Element] = []
  private let precedes: (Element, Element) -> Bool

  init(by precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

  mutating func insert(_ element: Element) {
    items.append(element)
    var place = items.count - 1
    while place > 0, precedes(items[place], items[(place - 1) / 2]) {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func popLeast() -> Element? {
    guard let least = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return least }
    items[0] = last
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < items.count else { return least }
      if child + 1 < items.count, precedes(items[child + 1], items[child]) { child += 1 }
      guard precedes(items[child], items[place]) else { return least }
      items.swapAt(place, child)
      place = child
    }
  }
}
