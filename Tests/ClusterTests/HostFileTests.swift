import Foundation
import Inputs
import Testing

@testable import Cluster

@Suite struct HostFileTests {
  private func read(_ text: String) throws -> HostFile {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("hosts")
    try Data(text.utf8).write(to: file)
    return try HostFile(file.path)
  }

  @Test func `hosts, slots and what else mpirun reads are kept`() throws {
    let hosts = try read(
      "# mine\nalpha slots=2 max_slots=4\n\nbeta slots=3 # new\nalpha slots=1\n")
    #expect(hosts.hosts == ["alpha", "beta"])
    #expect(hosts.slots == 6)
    let left = hosts.without(["alpha"])
    #expect(left.text == "beta slots=3 # new\n")
    #expect(left.slots == 3)
    #expect(try read("alpha\nbeta slots=1\n").slots == nil)
  }

  @Test(arguments: ["", "# none\n", "a slots=0\n", "a slots=-1\n", "a slots=x\n", "a slots=\n"])
  func `a list without hosts or with wrong numbers is refused`(text: String) throws {
    let refusal = #expect(throws: Refusal.self) { try read(text) }
    #expect(refusal?.kind == .commandLine)
  }

  @Test func `a program that ends is told from one that hangs or is not there`() throws {
    #expect(try runBriefly(["sh", "-c", "exit 3"], within: .seconds(10)) == 3)
    #expect(try runBriefly(["sh", "-c", "kill -9 $$"], within: .seconds(10)) == 137)
    #expect(try runBriefly(["sleep", "60"], within: .milliseconds(200)) == nil)
    let code = try? runBriefly(["/no/such/program"], within: .seconds(10))
    #expect(code == nil || code == 127)
  }
}
