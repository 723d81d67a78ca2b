"""PubMed's articles, chapters and deletions become records and rejects."""

from __future__ import annotations

import io

import pytest
from defusedxml.ElementTree import fromstring

from research_api.catalog.importers import Row, UnreadableInput, pubmed_xml, recognise
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import pubmed_fields

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)

ARTICLE = """<PubmedArticle>
  <MedlineCitation Status="MEDLINE" Owner="NLM">
    <PMID Version="1">777</PMID>
    <DateCompleted><Year>2001</Year><Month>02</Month><Day>03</Day></DateCompleted>
    <Article PubModel="Print-Electronic">
      <Journal>
        <ISSN IssnType="Print">0000-0000</ISSN>
        <JournalIssue CitedMedium="Print"><PubDate><Year>2020</Year><Month>Feb</Month></PubDate></JournalIssue>
        <Title>The journal of water &amp; ice</Title>
        <ISOAbbreviation>J Water</ISOAbbreviation>
      </Journal>
      <ArticleTitle>H<sub>2</sub>O and <i>E. coli</i>: 5 &lt; 7.</ArticleTitle>
      <ELocationID EIdType="pii" ValidYN="Y">S0</ELocationID>
      <ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>
      <ELocationID EIdType="doi" ValidYN="Y">10.1000/ABC</ELocationID>
      <Abstract>
        <AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">It is <b>wet</b>.</AbstractText>
        <AbstractText Label="METHODS">We looked.</AbstractText>
        <CopyrightInformation>Nobody's.</CopyrightInformation>
      </Abstract>
      <AuthorList CompleteYN="Y">
        <Author ValidYN="Y"><LastName>Lovelace</LastName><ForeName>Ada K</ForeName><Initials>AK</Initials>
          <Identifier Source="ORCID">http://orcid.org/0000-0002-1825-0097</Identifier>
          <AffiliationInfo><Affiliation>London</Affiliation><Identifier Source="ORCID">0000-0001-5109-3700</Identifier>
          </AffiliationInfo></Author>
        <Author ValidYN="N"><LastName>Nobody</LastName><Initials>N</Initials></Author>
        <Author ValidYN="Y"><LastName>Davis</LastName><Initials>S</Initials><Suffix>Jr</Suffix></Author>
        <Author ValidYN="Y"><CollectiveName>Water Group</CollectiveName></Author>
      </AuthorList>
      <Language>eng</Language>
      <PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
        <PublicationType UI="D016454">Review</PublicationType></PublicationTypeList>
      <ArticleDate DateType="Electronic"><Year>2019</Year><Month>12</Month><Day>03</Day></ArticleDate>
    </Article>
    <MedlineJournalInfo><MedlineTA>J Water</MedlineTA></MedlineJournalInfo>
    <CommentsCorrectionsList><CommentsCorrections RefType="Cites"><RefSource>X</RefSource><PMID Version="1">5</PMID>
    </CommentsCorrections></CommentsCorrectionsList>
  </MedlineCitation>
  <PubmedData>
    <PublicationStatus>ppublish</PublicationStatus>
    <ArticleIdList><ArticleId IdType="pubmed">777</ArticleId><ArticleId IdType="doi">10.1000/other</ArticleId>
      <ArticleId IdType="pmc">PMC888</ArticleId></ArticleIdList>
    <ReferenceList><Reference><Citation>A</Citation><ArticleIdList><ArticleId IdType="pmc">PMC1</ArticleId>
      <ArticleId IdType="doi">10.1000/cited</ArticleId></ArticleIdList></Reference></ReferenceList>
  </PubmedData>
</PubmedArticle>
"""

CHAPTER = """<PubmedBookArticle><BookDocument>
  <PMID Version="1">20301295</PMID>
  <ArticleIdList><ArticleId IdType="bookaccession">NBK1116</ArticleId></ArticleIdList>
  <Book><Publisher><PublisherName>P</PublisherName></Publisher>
    <BookTitle book="gene">Reviews of <i>Genes</i></BookTitle>
    <PubDate><Year>1993</Year></PubDate>
    <AuthorList Type="editors"><Author><LastName>Editor</LastName></Author></AuthorList>
    <ELocationID EIdType="doi">10.1000/book</ELocationID></Book>
  <ArticleTitle book="gene" part="x">A Syndrome</ArticleTitle>
  <AuthorList Type="editors"><Author><LastName>Other</LastName></Author></AuthorList>
  <AuthorList Type="authors"><Author><LastName>Writer</LastName><ForeName>Wanda</ForeName></Author></AuthorList>
  <Abstract><AbstractText Label="CLINICAL CHARACTERISTICS">Rare.</AbstractText></Abstract>
  <Sections><Section><SectionTitle>Summary</SectionTitle></Section></Sections>
  <ContributionDate><Year>2004</Year><Month>8</Month><Day>2</Day></ContributionDate>
</BookDocument><PubmedBookData><ArticleIdList><ArticleId IdType="pubmed">20301295</ArticleId>
  <ArticleId IdType="doi">10.1000/chapter</ArticleId></ArticleIdList></PubmedBookData></PubmedBookArticle>
"""


def wrapped(articles: str, head: str = HEAD) -> str:
    return f"{head}<PubmedArticleSet>\n{articles}</PubmedArticleSet>\n"


def rows(text: str | bytes) -> list[Row]:
    return list(pubmed_xml.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), None))


def record(articles: str) -> Record:
    (row,) = rows(wrapped(articles))
    assert row.record is not None, row.reason
    return row.record


def changed(old: str, new: str) -> Record:
    assert old in ARTICLE
    return record(ARTICLE.replace(old, new))


def test_every_field_of_an_article_is_read() -> None:
    assert record(ARTICLE) == Record(
        source="pubmed",
        source_id="777",
        title="H2O and E. coli: 5 < 7",
        abstract="BACKGROUND: It is wet. METHODS: We looked.",
        authors=(
            Author("Ada K Lovelace", "Ada K", "Lovelace", "0000-0002-1825-0097"),
            Author("S Davis Jr", "S", "Davis Jr"),
            Author("Water Group"),
        ),
        year=2019,
        date="2019-12-03",
        venue="The journal of water & ice",
        type="journal-article",
        identifiers=(
            Identifier("doi", "10.1000/abc"),
            Identifier("pmid", "777"),
            Identifier("pmcid", "PMC888"),
        ),
        url="https://pubmed.ncbi.nlm.nih.gov/777/",
        open_access=OpenAccess(),
        references=(Identifier("pmid", "5"),),
    )


def test_every_field_of_a_chapter_is_read() -> None:
    assert record(CHAPTER) == Record(
        source="pubmed",
        source_id="20301295",
        title="A Syndrome",
        abstract="CLINICAL CHARACTERISTICS: Rare.",
        authors=(Author("Wanda Writer", "Wanda", "Writer"),),
        year=2004,
        date="2004-08-02",
        venue="Reviews of Genes",
        type="book-chapter",
        identifiers=(Identifier("doi", "10.1000/chapter"), Identifier("pmid", "20301295")),
        url="https://pubmed.ncbi.nlm.nih.gov/20301295/",
    )


def test_a_book_without_a_chapter_is_the_book() -> None:
    start, end = CHAPTER.index("<ArticleTitle"), CHAPTER.index("<Abstract>")
    book = record(CHAPTER[:start] + CHAPTER[end:].replace("10.1000/chapter", ""))

    assert (book.title, book.type, book.venue) == ("Reviews of Genes", "book", None)
    assert (book.date, book.authors) == ("1993", ())
    assert book.identifiers[0] == Identifier("doi", "10.1000/book")


def test_each_deletion_is_a_row_that_says_so() -> None:
    """The importer adds and renews; it takes nothing out of the catalog."""
    deletions = "<DeleteCitation>\n<PMID Version='1'>5</PMID>\n<PMID Version='1'>x</PMID></DeleteCitation>"
    text = wrapped(ARTICLE + deletions)
    found = rows(text)
    line = text[: text.index(deletions)].count("\n") + 2

    assert found[0].record is not None
    assert [row.reason for row in found[1:]] == [
        "PubMed deleted the record with PMID 5; the catalog keeps what it has of it",
        "PubMed deleted the record with PMID that is none; the catalog keeps what it has of it",
    ]
    assert [row.line for row in found[1:]] == [line, line + 1]


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("Why is it wet?", "Why is it wet?"),
        ("[Biological rhythms and human disease]", "Biological rhythms and human disease"),
        ("[Wasser (author's transl)].", "Wasser (author's transl)"),
        ("[Is water wet?].", "Is water wet?"),
        ("[A] and [B]", "[A] and [B]"),
        ("[[3H]Water in rats].", "[3H]Water in rats"),
        ("Ice in the U.S.", "Ice in the U.S."),
        ("Ice, version 1.2.", "Ice, version 1.2"),
        ("To be continued...", "To be continued..."),
        ("<b>p</b><sup>53</sup><u>x</u>", "p53x"),
    ],
)
def test_a_title_is_without_what_nlm_puts_around_it(given: str, title: str) -> None:
    assert changed("H<sub>2</sub>O and <i>E. coli</i>: 5 &lt; 7.", given).title == title


@pytest.mark.parametrize("given", ["[In Process Citation]", "[Not Available].", "Not Available", " ", "[]."])
def test_the_title_in_its_own_language_stands_in_where_nobody_translated_it(given: str) -> None:
    without = ARTICLE.replace("H<sub>2</sub>O and <i>E. coli</i>: 5 &lt; 7.", given)
    (rejected,) = rows(wrapped(without))

    titled = record(
        without.replace(
            "</PublicationTypeList>", "</PublicationTypeList><VernacularTitle>Eau.</VernacularTitle>"
        )
    )
    assert titled.title == "Eau"
    assert rejected.reason == "the record has no title"


def test_a_formula_in_two_notations_is_read_once() -> None:
    formula = (
        "<mml:math xmlns:mml='http://www.w3.org/1998/Math/MathML'><mml:semantics><mml:mi>x</mml:mi>"
        "<mml:annotation encoding='TeX'>\\xi</mml:annotation></mml:semantics></mml:math>"
    )

    assert changed("5 &lt; 7.", f"of {formula} now").title == "H2O and E. coli: of x now"


def test_the_signs_of_a_formula_stand_together_however_they_are_indented() -> None:
    signs = "\n ".join(
        ["<mml:msub>", "<mml:mi>V</mml:mi>", "<mml:mrow>", "<mml:mn>2</mml:mn>", "</mml:mrow>", "</mml:msub>"]
    )
    formula = f"<mml:math> {signs} <mml:mtext> </mml:mtext> <mml:mi>MRI</mml:mi> </mml:math>"

    assert changed("5 &lt; 7.", f"of {formula} now").title == "H2O and E. coli: of V2 MRI now"


@pytest.mark.parametrize(
    ("sections", "abstract"),
    [
        ("<AbstractText>One.</AbstractText><AbstractText>Two.</AbstractText>", "One. Two."),
        ("<AbstractText Label='UNLABELLED'>One.</AbstractText>", "One."),
        ("<AbstractText Label='AIM:'>One.</AbstractText>", "AIM: One."),
        ("<AbstractText Label='Aim'>AIM: One.</AbstractText>", "AIM: One."),
        ("<AbstractText Label='AIM'/><AbstractText Label='ABSTRACT'>Two.</AbstractText>", "Two."),
        ("<AbstractText/>", None),
    ],
)
def test_sections_of_an_abstract_keep_their_labels(sections: str, abstract: str | None) -> None:
    element = fromstring(f"<Abstract>{sections}</Abstract>")

    assert pubmed_fields.abstract_of(element) == abstract


@pytest.mark.parametrize(
    ("inside", "date"),
    [
        ("<Year>1975</Year><Month>Oct</Month><Day>27</Day>", "1975-10-27"),
        ("<Year>1975</Year><Month>10</Month><Day>7</Day>", "1975-10-07"),
        ("<Year>1975</Year><Month>September</Month>", "1975-09"),
        ("<Year>1975</Year><Season>Summer</Season>", "1975"),
        ("<Year>1975</Year><Season>Jul-Sep</Season>", "1975-07"),
        ("<Year>1975</Year><Day>27</Day>", "1975"),
        ("<Year>1975</Year><Month>Feb</Month><Day>30</Day>", "1975-02"),
        ("<Year>1975</Year><Month>13</Month>", "1975"),
        ("<Year>9999</Year>", None),
        ("<Year>75</Year>", None),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12"),
        ("<MedlineDate>1975 Jul-Aug</MedlineDate>", "1975-07"),
        ("<MedlineDate>1975 MAR-APR</MedlineDate>", "1975-03"),
        ("<MedlineDate>2000 Dec 23- 30</MedlineDate>", "2000-12-23"),
        ("<MedlineDate>1976 Sep 30-Oct 2</MedlineDate>", "1976-09-30"),
        ("<MedlineDate>1976-1977 Winter</MedlineDate>", "1976"),
        ("<MedlineDate>2000 Spring-Summer</MedlineDate>", "2000"),
        ("<MedlineDate>2000 1st Quart</MedlineDate>", "2000"),
        ("<MedlineDate>Spring 1999</MedlineDate>", "1999"),
        ("<MedlineDate>undated</MedlineDate>", None),
        ("", None),
    ],
)
def test_dates_are_read_as_far_as_they_say_a_day(inside: str, date: str | None) -> None:
    assert pubmed_fields.date_of(fromstring(f"<PubDate>{inside}</PubDate>")) == date


def test_the_earliest_date_counts_and_of_equal_ones_the_more_exact() -> None:
    dates = [
        fromstring(f"<D><Year>{year}</Year>{rest}</D>")
        for year, rest in (
            ("2020", ""),
            ("2020", "<Month>May</Month><Day>3</Day>"),
            ("2020", "<Month>May</Month>"),
        )
    ]

    assert pubmed_fields.date_of(None, *dates) == "2020-05-03"
    assert pubmed_fields.date_of(*dates, fromstring("<D><Year>2019</Year></D>")) == "2019"
    assert pubmed_fields.date_of(None) is None


@pytest.mark.parametrize(
    "given",
    [
        "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "http://www.orcid.org/0000-0002-1825-0097/",
        "orcid.org/0000-0002-1825-0097", "ORCID: 0000-0002-1825-0097", "0000000218250097",
        "https://orcid.org/0000000218250097", " 0000 0002 1825 0097 ", "0000–0002–1825–0097",
    ],
)  # fmt: skip
def test_an_orcid_is_read_in_all_its_spellings(given: str) -> None:
    assert changed("http://orcid.org/0000-0002-1825-0097", given).authors[0].orcid == "0000-0002-1825-0097"


@pytest.mark.parametrize(
    "given", ["0000-0002-1825-0098", "00000-0002-1825-0097", "0000-0002-1825-00977", "none", ""]
)
def test_what_is_no_orcid_is_left_out(given: str) -> None:
    assert changed("http://orcid.org/0000-0002-1825-0097", given).authors[0].orcid is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["Journal Article", "Preprint"], "posted-content"),
        (["Dataset", "Journal Article"], "journal-article"),
        (["Dataset"], "dataset"),
        (["Technical Report"], "report"),
        (["Letter", "Comment"], "journal-article"),
        (["Editorial"], "journal-article"),
        ([], "journal-article"),
    ],
)
def test_kinds_of_publication_become_crossref_types(kinds: list[str], expected: str) -> None:
    start, end = ARTICLE.index("<PublicationTypeList>"), ARTICLE.index("</PublicationTypeList>")
    listed = "".join(f"<PublicationType>{kind}</PublicationType>" for kind in kinds)

    assert changed(ARTICLE[start:end], f"<PublicationTypeList>{listed}").type == expected


@pytest.mark.parametrize(
    ("kind", "reference", "is_retracted"),
    [
        ("Retracted Publication", "Cites", True),
        ("Review", "RetractionIn", True),
        ("Review", "RetractedandRepublishedIn", True),
        ("Retraction of Publication", "RetractionOf", False),
        ("Corrected and Republished Article", "RetractedandRepublishedFrom", False),
        ("Review", "ExpressionOfConcernIn", False),
        ("Review", "Cites", False),
    ],
)
def test_an_article_that_was_taken_back_is_retracted_and_the_notice_is_not(
    kind: str, reference: str, is_retracted: bool
) -> None:
    text = ARTICLE.replace(">Review<", f">{kind}<").replace('RefType="Cites"', f'RefType="{reference}"')

    assert record(text).retracted is is_retracted


@pytest.mark.parametrize(
    ("old", "new", "scheme", "value"),
    [
        ("10.1000/ABC", "no doi", "doi", "10.1000/other"),
        ('ValidYN="Y">10.1000/ABC', ">10.1000/ABC", "doi", "10.1000/abc"),
        ('ValidYN="Y">10.1000/ABC', 'ValidYN="N">10.1000/ABC', "doi", "10.1000/other"),
        (">PMC888<", ">PMC888.2<", "pmcid", "PMC888"),
        ('"pmc">PMC888', '"pmcid">pmc-id: PMC888;manuscript-id: NIHMS1;', "pmcid", "PMC888"),
    ],
)
def test_identifiers_are_those_of_the_article_itself(old: str, new: str, scheme: str, value: str) -> None:
    found = {each.scheme: each.value for each in changed(old, new).identifiers}

    assert found[scheme] == value


@pytest.mark.parametrize("pmid", ["", "x", "0", "12345678901", "-5"])
def test_a_record_without_a_pmid_is_rejected(pmid: str) -> None:
    (row,) = rows(wrapped(ARTICLE.replace('<PMID Version="1">777<', f'<PMID Version="1">{pmid}<')))

    assert row.reason == "the record has no PMID (a number of at most nine digits)"


@pytest.mark.parametrize("name", ["MedlineCitation", "Article", "Journal", "PubmedData", "PMID"])
def test_a_part_that_is_missing_costs_at_most_its_record(name: str) -> None:
    text = (
        ARTICLE.replace(f"<{name}>", "<Other>")
        .replace(f"<{name} ", "<Other ")
        .replace(f"</{name}>", "</Other>")
    )

    first, second = rows(wrapped(text + ARTICLE))

    assert (first.record is None) == (name in {"MedlineCitation", "Article", "PMID"})
    assert second.record is not None


def test_sets_of_articles_are_recognised() -> None:
    assert recognise(wrapped(ARTICLE).encode()) is pubmed_xml
    assert recognise(b"\xef\xbb\xbf" + wrapped(CHAPTER, head="").encode()) is pubmed_xml
    assert recognise(b"<PubmedArticleSet/>") is pubmed_xml
    assert recognise(b"<?xml version='1.0'?><pmc-articleset/>") is None


@pytest.mark.parametrize("root", ["pmc-articleset", "eSearchResult", "collection"])
def test_xml_of_another_kind_is_unreadable(root: str) -> None:
    with pytest.raises(UnreadableInput, match="root is not <PubmedArticleSet>"):
        rows(f"<{root} id='1'/>")
