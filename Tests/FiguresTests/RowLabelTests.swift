import Figures
import Foundation
import Testing

private let promptRows = (0..<300).map { row in
  let subject = [141: " Space", 142: " Need", 143: "le"]
  return HeatMap.Row(subject[row] ?? " token\(row)", isSubject: subject[row] != nil)
}

@Suite struct RowLabelTests {
  @Test
  func `of a long prompt the subject and the last token are labelled, and no two labels touch`()
    throws
  {
    let labels = try traceMap(rows: promptRows).rowLabels(least: 3.25)
    #expect(labels.contains { $0.place == 142 && $0.text == " Space Needle*" })
    #expect(labels.last?.place == 299 && labels.last?.text == " token299")
    #expect(labels.first?.place == 0 && labels.count > 60)
    for (one, next) in zip(labels, labels.dropFirst()) { #expect(next.place - one.place >= 3.25) }
  }

  @Test func `where there is room each row has its label`() throws {
    let labels = try traceMap(rows: spaceNeedle).rowLabels(least: 0.65)
    #expect(labels.map(\.place) == (0..<7).map(Double.init))
    #expect(labels.prefix(2).map(\.text) == ["The*", " Space*"])
  }

  @Test(.enabled(if: hasGnuplot)) func `layers against heads carry the names of both axes`()
    async throws
  {
    let map = try HeatMap(
      title: "Recovery by head", rows: (0..<9).map { .init("\($0)") },
      columns: (0..<30).map(String.init),
      values: (0..<9).map { head in (0..<30).map { Double(head - 4) * Double($0) / 100 } },
      valueName: "recovery", colors: .redBlue, columnAxis: "layer", rowAxis: "head", baseline: 0)
    let reader = XMLElements()
    let long = try traceMap(rows: promptRows)
    let figure = Figure(panels: [.heatMap(map), .heatMap(long)])
    #expect(reader.read(try await FigureWriter().picture(of: figure, as: .svg)))
    for text in ["head", "layer", "recovery", "8", "-0.5", "0.5", " Space Needle*", " token299"] {
      #expect(reader.texts.contains(text) || reader.texts.contains(text.trimming()), "\(text)")
    }
    #expect(try await FigureWriter().picture(of: figure, as: .png).count > 1000)
    let lines = TerminalHeatMap(map, on: Terminal(width: 80, ink: .ascii)).lines
    #expect(lines.firstIndex(of: "head") == 1 && lines.contains { $0.hasSuffix("layer") })
  }
}

extension String {
  fileprivate func trimming() -> String { trimmingCharacters(in: .whitespaces) }
}
