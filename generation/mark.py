"""The mark that says by machine what a picture is: IPTC's digital source type, as XMP."""

from __future__ import annotations

KEYWORD = "XML:com.adobe.xmp"  # of the PNG chunk that holds XMP
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'xmp:CreatorTool="Darkroom" Iptc4xmpExt:DigitalSourceType="{SOURCE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
