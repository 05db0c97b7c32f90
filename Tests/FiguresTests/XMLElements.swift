import Foundation
import FoundationXML

/// Reads XML to the end, keeping the contents of its `text` elements.
final class XMLElements: NSObject, XMLParserDelegate {
  private(set) var texts: [String] = []
  private var inText = false

  /// Whether the bytes are well-formed XML.
  func read(_ bytes: [UInt8]) -> Bool {
    let parser = XMLParser(data: Data(bytes))
    parser.delegate = self
    return parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    inText = name == "text"
    if inText { texts.append("") }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "text" { inText = false }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if inText, !texts.isEmpty { texts[texts.count - 1] += string }
  }
}
