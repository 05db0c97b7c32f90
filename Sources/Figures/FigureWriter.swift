internal import Foundation
public import Inputs
internal import Subprocess

/// What a picture is written as.
public enum FigureFormat: String, Sendable, CaseIterable {
  /// Pixels, twice as many as the layout's, for screens and slides.
  case png
  /// Shapes and text, for papers.
  case svg

  /// The format that a file's name ends in.
  public init(path: String) throws(Refusal) {
    let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    guard let format = FigureFormat(rawValue: ending), path.contains(".") else {
      throw Refusal(
        .commandLine, file: path, found: "a name with another ending",
        expected: "a name that ends in .png or .svg")
    }
    self = format
  }
}

/// Draws figures by gnuplot, which must be installed (Debian: `gnuplot-nox`).
///
/// gnuplot reads a script with the data inline and answers with the picture on its standard output.
/// It reads no other file, and its user's settings stay out of the picture.
public struct FigureWriter: Sendable {
  /// The folders in which gnuplot is looked for, as in `PATH`.
  private let searchPath: String
  private let timeLimit: Duration

  /// The most panels in one picture: beyond, it outgrows what gnuplot can draw.
  public static let panelLimit = 24
  private static let pictureLimit = 256 << 20

  /// Looks for gnuplot in the folders of `PATH`.
  public init() {
    self.init(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
  }

  package init(searchPath: String, timeLimit: Duration = .seconds(120)) {
    self.searchPath = searchPath
    self.timeLimit = timeLimit
  }

  /// Draws a figure into a file, which appears whole or not at all and replaces an older one.
  ///
  /// - Returns: What the reader should know of the picture, a line each, such as characters that no
  ///   font has.
  /// - Throws: A refusal of kind `resources` if gnuplot is missing or fails, or the file cannot be
  ///   written; of kind `commandLine` if the figure has no panels or more than `panelLimit`.
  @discardableResult
  public func write(
    _ figure: Figure, to path: String, as format: FigureFormat
  ) async throws(Refusal) -> [String] {
    var (figure, notes) = (figure, [String]())
    // Who looks at an SVG has fonts of their own.
    if format == .png, let fonts = await FontCoverage.installed(searchPath: searchPath) {
      let drawable = fonts.drawable(figure)
      figure = drawable.figure
      notes += drawable.note.map { [$0] } ?? []
    }
    try writeWhole(try await picture(of: figure, as: format), to: path)
    return notes
  }

  /// The bytes of the picture.
  package func picture(of figure: Figure, as format: FigureFormat) async throws(Refusal) -> [UInt8]
  {
    guard (1...FigureWriter.panelLimit).contains(figure.panels.count) else {
      throw Refusal(
        .commandLine, field: "figure", found: "\(figure.panels.count) panels",
        expected: "1 to \(FigureWriter.panelLimit) panels in one picture")
    }
    let script = GnuplotScript(figure, format: format, scale: format == .png ? 2 : 1).text
    let picture = try await gnuplot(script)
    let beginning = format == .png ? [0x89, 0x50, 0x4E, 0x47] : Array("<?xml".utf8)
    guard picture.starts(with: beginning) else {
      throw failure("\(picture.count) bytes that are no \(format.rawValue.uppercased())")
    }
    return picture
  }

  private func gnuplot(_ script: String) async throws(Refusal) -> [UInt8] {
    let environment = Environment.custom([
      "PATH": searchPath, "LC_ALL": "C.UTF-8",
      "HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/",
    ])
    let file = try ScratchFile(script)
    let work = Task {
      try await run(
        .name("gnuplot"), arguments: ["-d", file.path], environment: environment,
        output: .bytes(limit: FigureWriter.pictureLimit), error: .string(limit: 1 << 20))
    }
    let limit = timeLimit
    let watchdog = Task {
      try await Task.sleep(for: limit)
      work.cancel()
    }
    // The script must be there until gnuplot has read it.
    defer { withExtendedLifetime(file) { watchdog.cancel() } }
    let result = await withTaskCancellationHandler {
      await work.result
    } onCancel: {
      work.cancel()
    }
    switch result {
    case .success(let ended):
      if work.isCancelled { throw failure("no picture after \(timeLimit)") }
      guard ended.terminationStatus.isSuccess else {
        throw failure("\(ended.terminationStatus): \(ended.standardError.suffix(400))")
      }
      return ended.standardOutput
    case .failure(let error as SubprocessError) where error.code == .executableNotFound:
      throw Refusal(
        .resources, field: "gnuplot", found: "no such program on PATH",
        expected: "gnuplot, which draws the pictures: install Debian's package gnuplot-nox "
          + "(apt-get install gnuplot-nox)")
    case .failure(let error):
      throw failure(work.isCancelled ? "no picture after \(timeLimit)" : "\(error)")
    }
  }

  private func failure(_ what: String) -> Refusal {
    Refusal(.resources, field: "gnuplot", found: escaped(what), expected: "a picture")
  }
}
