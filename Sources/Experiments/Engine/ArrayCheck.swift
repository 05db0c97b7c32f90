internal import Foundation
internal import Inputs
internal import ResultsStore

/// Compares a run's arrays with what its journals call for, chunk by chunk and bit by bit.
struct ArrayCheck<Layout: Table> {
  let table: Layout
  let store: ZarrStore
  let results: Results<Layout.Result>
  /// Whether the run has come to its end, and so must hold all that is known.
  let isFinished: Bool
  /// Whether it may be written while it is looked at.
  let isLive: Bool
  private(set) var faults: [Refusal] = []
  private(set) var notes: [String] = []
  /// Chunks that are what they should be.
  private(set) var equal = 0
  private var known: Set<String> = []

  init(
    table: Layout, store: ZarrStore, results: Results<Layout.Result>, isFinished: Bool,
    isLive: Bool
  ) {
    (self.table, self.store, self.results) = (table, store, results)
    (self.isFinished, self.isLive) = (isFinished, isLive)
  }

  mutating func run(in folder: String) {
    for (number, group) in table.groups.enumerated() {
      for file in 0..<group.fileCount {
        for block in group.blocks(ofFile: file) {
          do throws(Refusal) { try check(number, group, block) } catch { add(error) }
        }
      }
    }
    noteStrangers(in: folder)
  }

  private mutating func add(_ fault: Refusal) {
    if !faults.contains(fault) { faults.append(fault) }
  }

  private mutating func check(
    _ number: Int, _ group: ArrayGroup, _ block: [Int]
  ) throws(Refusal) {
    let values = try RunStore.stored(table, number, at: block, results)
    for (quantity, wanted) in zip(group.quantities, values) {
      let array = try store.array(group.path(of: quantity))
      guard !array.spec.shape.contains(0) else { continue }
      let index = block + array.spec.shape.dropFirst(block.count).map { _ in 0 }
      let file = array.path(
        ofFile: array.spec.shards == nil
          ? index : [index[0] / group.blocksOfFile] + index.dropFirst().map { _ in 0 })
      known.insert(file)
      let stored: ArrayValues?
      do throws(Refusal) { stored = try ArrayValues.read(array, chunk: index) } catch {
        add(error)
        continue
      }
      switch (stored, wanted) {
      case (nil, nil): continue
      case (nil, _?):
        // Results are in the journals first; the arrays follow. What needs no result is there before
        // the first one.
        let isLabel =
          !isLive && results.doneCount > 0 && group.grid.isEmpty && isConstant(number)
        guard isFinished || isLabel else { continue }
        add(Refusal(.store, file: file, found: "nothing", expected: "what the journals hold"))
      case (_?, nil):
        // Its result came after the journals were read.
        guard !isLive else { continue }
        add(
          Refusal(
            .store, file: file, field: place(block), found: "values",
            expected: "none, since no journal has a result for them"))
      case (let stored?, let wanted?):
        if let (place, mine, others) = stored.difference(from: wanted) {
          add(
            Refusal(
              .store, file: file, field: "\(self.place(block))element \(place)", found: mine,
              expected: "\(others), as the journals have it"))
        } else {
          equal += 1
        }
        if let (place, found, expected) = stored.breach(of: quantity.law) {
          add(
            Refusal(
              .store, file: file, field: "\(self.place(block))element \(place)", found: found,
              expected: expected))
        }
      }
    }
  }

  private func place(_ block: [Int]) -> String { block.isEmpty ? "" : "block \(block), " }

  /// Whether a group's values are known before any unit is done.
  private func isConstant(_ group: Int) -> Bool {
    let none = Results<Layout.Result>(count: table.unitCount)
    let values = (try? table.values(group, at: [], none)) ?? []
    return values.allSatisfy { $0 != nil }
  }

  /// Files below the arrays that no run writes.
  private mutating func noteStrangers(in folder: String) {
    let names = FileManager.default.enumerator(atPath: folder)
    var strange: [String] = []
    while let name = names?.nextObject() as? String {
      let path = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue, !name.hasSuffix("zarr.json"), !known.contains(path)
      else { continue }
      strange.append(path)
    }
    for path in strange.sorted().prefix(5) {
      notes.append("\(escaped(path)): a file that no run writes")
    }
    if strange.count > 5 { notes.append("and \(strange.count - 5) more such files") }
  }
}
