"""The templates of a story as code. Made by scripts/make_story_templates.py: change templates/*.j2."""

# mypy: ignore-errors

from markupsafe import escape

from odibi_core.story.rendering import Macro, Templates, missing

environment = Templates()


def card_html(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    l_0_card = resolve('card')
    l_0_parts = resolve('parts')
    l_0_words = resolve('words')
    l_0_step = missing
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_2 = environment.filters['lower']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'lower' found.")
    try:
        t_3 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    l_0_step = environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'step')
    context.vars['step'] = l_0_step
    context.exported_vars.add('step')
    yield '<details class="card s-'
    yield escape(environment.getattr(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'step'), 'status'), 'value'))
    yield ' '
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'layer_class'))
    yield '" data-id="'
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'id'))
    yield '" data-status="'
    yield escape(environment.getattr(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'status'), 'value'))
    yield '"'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'is_open'):
        pass
        yield ' open'
    yield '>\n<summary>\n  <span class="status" title="'
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'status_word'))
    yield '">'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), environment.getattr(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'status'), 'value')))
    yield '<span class="hidden-label">'
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'status_word'))
    yield ':</span></span>\n  <span class="title"><strong><bdi>'
    yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'cut'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'step_name'), 200))
    yield '</bdi></strong><small><i class="swatch"></i>'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'layer'):
        pass
        yield '<bdi>'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'fit'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'layer'), 40))
        yield '</bdi>'
    if (environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'kind') and (environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'kind') != environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'layer'))):
        pass
        if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'layer'):
            pass
            yield ' · '
        yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'kind'))
    if (not environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'has_run')):
        pass
        yield ' · <span class="state">'
        yield escape(t_2(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'status_word')))
        yield '</span>'
    elif (environment.getattr(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'status'), 'value') == 'cached'):
        pass
        yield ' · from cache'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'retry_count'):
        pass
        yield ' · ↻ '
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'retry_count'), 'retry', 'retries'))
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejected_rows'):
        pass
        yield ' · <span class="warn">'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejected_rows')))
        yield ' rejected</span>'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'quarantined_rows'):
        pass
        yield ' · <span class="warn">'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'quarantined_rows')))
        yield ' set aside</span>'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'warnings'):
        pass
        yield ' · <span class="warn">'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), t_1(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'warnings')), 'warning'))
        yield '</span>'
    yield '</small></span>\n  <span class="rows">'
    if (environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change') and (environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'direction') != 'same')):
        pass
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'before'))
        yield ' → <strong>'
        yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'rows'))
        yield '</strong><small class="'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'direction'))
        yield '">'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'delta'))
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'per_cent'):
            pass
            yield ' ('
            yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'per_cent'))
            yield ')'
        yield '</small>'
    elif environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'rows'):
        pass
        yield '<strong>'
        yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'rows'))
        yield '</strong>'
        if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'):
            pass
            yield '<small>unchanged</small>'
    yield '</span>\n  <span class="took">'
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'duration'))
    yield '</span>\n</summary>\n<div class="body" id="step-'
    yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'id'))
    yield '">\n'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'error_message'):
        pass
        yield '<div class="note failed"><h4>Error</h4><pre class="message" tabindex="0">'
        yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'error_message'))
        yield '</pre>'
        if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'fix'):
            pass
            yield '<p class="fix"><strong>To mend it:</strong> <bdi>'
            yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'fix'))
            yield '</bdi></p>'
        yield '</div>\n'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'skipped_reason'):
        pass
        yield '<p class="note"><strong>'
        yield escape(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'status_word'))
        yield ':</strong> <bdi>'
        yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'skipped_reason'))
        yield '</bdi></p>\n'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejected_rows'):
        pass
        yield '<p class="note warning"><strong>'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'rows'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejected_rows')))
        yield ' rejected.</strong> '
        if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejects_path'):
            pass
            yield 'Kept with the reasons in <code><bdi>'
            yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'rejects_path'))
            yield '</bdi></code>'
        else:
            pass
            yield 'The lineage does not say where they are kept.'
        yield '</p>\n'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'quarantined_rows'):
        pass
        yield '<p class="note warning"><strong>'
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'rows'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'quarantined_rows')))
        yield ' set aside.</strong> Kept with the reasons in <code><bdi>'
        yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'quarantine_path'))
        yield '</bdi></code></p>\n'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'expectations'):
        pass
        yield '<h4>Expectations</h4>\n<div class="scroll"><table class="expectations">\n'
        for l_1_found in environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'expectations'):
            _loop_vars = {}
            pass
            yield '<tr class="e-'
            yield escape(environment.getattr(l_1_found, 'state'))
            yield '"><td>'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), context.call(environment.getattr({'passed': 'success', 'failed': 'failed'}, 'get'), environment.getattr(l_1_found, 'state'), 'warning', _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield ' '
            yield escape(environment.getattr(l_1_found, 'word'))
            yield '</td><td><bdi>'
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'cut'), environment.getattr(l_1_found, 'name'), 120, _loop_vars=_loop_vars))
            yield '</bdi></td><td>'
            if environment.getattr(l_1_found, 'message'):
                pass
                yield '<bdi>'
                yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'cut'), environment.getattr(l_1_found, 'message'), 400, _loop_vars=_loop_vars))
                yield '</bdi>'
            else:
                pass
                yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'rows'), environment.getattr(l_1_found, 'rows'), _loop_vars=_loop_vars))
            yield '</td></tr>\n'
        l_1_found = missing
        yield '</table></div>\n'
    for l_1_warning in environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'warnings'):
        _loop_vars = {}
        pass
        yield '<p class="note warning"><strong>Warning:</strong> <bdi>'
        yield escape(l_1_warning)
        yield '</bdi></p>\n'
    l_1_warning = missing
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'):
        pass
        yield '<h4>'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'label'))
        yield '</h4>\n<pre class="code" tabindex="0">'
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'link'):
            pass
            yield '<a href="'
            yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'link'))
            yield '" rel="noopener noreferrer">'
            yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'text'))
            yield '</a>'
        else:
            pass
            yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'text'))
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'hidden_characters'):
            pass
            yield '<span class="muted"> … '
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'code'), 'hidden_characters')))
            yield ' more characters</span>'
        yield '</pre>\n'
    yield '<div class="columns">\n'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'inputs'):
        pass
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'ports'), 'Inputs', environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'inputs')))
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'outputs'):
        pass
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'ports'), 'Outputs', environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'outputs')))
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'settings'):
        pass
        yield '<div><h4>Settings</h4>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'pairs'), environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'settings')))
        yield '</div>'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'written'):
        pass
        yield '<div><h4>Written</h4>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'pairs'), environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'written')))
        yield '</div>'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'):
        pass
        yield '<div><h4>Rows</h4><p>'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'before'))
        yield ' → '
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'after'))
        yield '<br><span class="'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'direction'))
        yield '">'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'delta'))
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'per_cent'):
            pass
            yield ' ('
            yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'change'), 'per_cent'))
            yield ')'
        yield '</span></p></div>'
    if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'start_time'):
        pass
        yield '<div><h4>Time</h4><p>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'moment'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'start_time'), (undefined(name='words') if l_0_words is missing else l_0_words)))
        yield '<br><span class="muted">'
        if (environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'duration_scope') == 'region'):
            pass
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'duration'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'duration_ms')))
            yield ' is the time of its region'
            if (not t_3(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'region'))):
                pass
                yield ' (<bdi>'
                yield escape(environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'region'))
                yield '</bdi>)'
            yield ': steps that ran as one query'
        else:
            pass
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'duration'), environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'duration_ms')))
            yield ", the step's own"
        if environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'retry_count'):
            pass
            yield ', all '
            yield escape((environment.getattr((undefined(name='step') if l_0_step is missing else l_0_step), 'retry_count') + 1))
            yield ' tries together'
        yield '</span></p></div>\n'
    yield '</div>\n'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'):
        pass
        yield '<h4>Columns <span class="muted">'
        yield escape(environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'summary'))
        yield '</span></h4>\n'
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'changes'):
            pass
            yield '<div class="scroll"><table class="schema">'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'column_rows'), environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'changes')))
            yield '</table></div>\n'
            if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'changes_hidden'):
                pass
                yield '<p class="muted">and '
                yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'changes_hidden')))
                yield ' more changes</p>'
        if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'kept'):
            pass
            yield '<details class="kept"><summary>'
            yield escape(('Unchanged' if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'compares') else 'All'))
            yield ' columns</summary>\n<p>'
            for l_1_column in environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'kept'):
                _loop_vars = {}
                pass
                yield '<span class="column"><bdi>'
                yield escape(environment.getattr(l_1_column, 'name'))
                yield '</bdi> <code>'
                yield escape(environment.getattr(l_1_column, 'type'))
                yield '</code></span> '
            l_1_column = missing
            if environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'kept_hidden'):
                pass
                yield '<span class="muted">and '
                yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), environment.getattr(environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'columns'), 'kept_hidden')))
                yield ' more</span>'
            yield '</p></details>\n'
    if environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'samples'):
        pass
        yield '<h4>Sample</h4>'
    for l_1_output in environment.getattr((undefined(name='card') if l_0_card is missing else l_0_card), 'samples'):
        _loop_vars = {}
        pass
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'sample'), environment.getattr(l_1_output, 'sample'), environment.getattr(l_1_output, 'key'), _loop_vars=_loop_vars))
        yield '\n'
    l_1_output = missing
    yield '</div>\n</details>'


def graph_svg(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    l_0_graph = resolve('graph')
    l_0_words = resolve('words')
    l_0_size = missing
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_2 = environment.filters['px']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'px' found.")
    pass
    l_0_size = environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'dimensions')
    context.vars['size'] = l_0_size
    context.exported_vars.add('size')
    yield '<svg id="graph-drawing" class="graph'
    if environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'is_compact'):
        pass
        yield ' compact'
    yield '" role="group" aria-label="Graph of '
    yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), t_1(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'nodes')), 'step'))
    yield '" width="'
    yield escape(t_2(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'width')))
    yield '" height="'
    yield escape(t_2(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'height')))
    yield '" viewBox="0 0 '
    yield escape(t_2(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'width')))
    yield ' '
    yield escape(t_2(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'height')))
    yield '">\n<defs>\n<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="arrow" d="M0 0.5 8 4 0 7.5z"/></marker>\n<clipPath id="name"><rect x="8" y="0" width="'
    yield escape(t_2((environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_width') - (34 if environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'is_compact') else 42))))
    yield '" height="'
    yield escape(t_2(environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_height')))
    yield '"/></clipPath>\n<g id="box"><rect class="box" width="'
    yield escape(t_2(environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_width')))
    yield '" height="'
    yield escape(t_2(environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_height')))
    yield '" rx="8"/><path class="band" d="M8 .5H6A5.5 5.5 0 0 0 .5 6V'
    yield escape(t_2((environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_height') - 6)))
    yield 'a5.5 5.5 0 0 0 5.5 5.5h2z"/></g>\n</defs>\n<g class="lines">\n'
    for l_1_line in environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'lines'):
        _loop_vars = {}
        pass
        yield '<path class="w'
        yield escape(environment.getattr(l_1_line, 'weight'))
        if environment.getattr(l_1_line, 'is_idle'):
            pass
            yield ' idle'
        yield '" d="'
        yield escape(environment.getattr(l_1_line, 'path'))
        yield '"><title>'
        yield escape(environment.getattr(l_1_line, 'summary'))
        yield '</title></path>\n'
    l_1_line = missing
    yield '</g>\n'
    for l_1_node in environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'nodes'):
        _loop_vars = {}
        pass
        yield '<a href="#step-'
        yield escape(environment.getattr(l_1_node, 'id'))
        yield '" class="node s-'
        yield escape(environment.getattr(l_1_node, 'status'))
        yield ' '
        yield escape(environment.getattr(l_1_node, 'layer_class'))
        yield '" data-node="'
        yield escape(environment.getattr(l_1_node, 'id'))
        yield '" transform="translate('
        yield escape(t_2(environment.getattr(l_1_node, 'x')))
        yield ' '
        yield escape(t_2(environment.getattr(l_1_node, 'y')))
        yield ')" aria-label="'
        yield escape(environment.getattr(l_1_node, 'summary'))
        yield '"><title>'
        yield escape(environment.getattr(l_1_node, 'summary'))
        yield '</title><use class="frame" href="#box"/>'
        if environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'is_compact'):
            pass
            yield '<use class="mark" href="#i-'
            yield escape(environment.getattr(l_1_node, 'status'))
            yield '" x="'
            yield escape(t_2((environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_width') - 22)))
            yield '" y="7" width="16" height="16"/><text class="name" x="14" y="19.5" clip-path="url(#name)">'
            yield escape(environment.getattr(l_1_node, 'name'))
            yield '</text></a>\n'
        else:
            pass
            yield '<text class="name" x="17" y="25" clip-path="url(#name)">'
            yield escape(environment.getattr(l_1_node, 'name'))
            yield '</text><use class="mark" href="#i-'
            yield escape(environment.getattr(l_1_node, 'status'))
            yield '" x="'
            yield escape(t_2((environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_width') - 28)))
            yield '" y="11" width="18" height="18"/><use class="kind" href="#i-'
            yield escape((environment.getattr(l_1_node, 'kind') if (environment.getattr(l_1_node, 'kind') in ('connect', 'ingest', 'transform', 'store', 'publish')) else 'step'))
            yield '" x="17" y="33.5" width="14" height="14"/><text x="37" y="45" class="place">'
            yield escape(environment.getattr(l_1_node, 'place'))
            yield '</text><text x="17" y="65" class="figure">'
            yield escape(environment.getattr(l_1_node, 'rows'))
            yield '</text><text x="'
            yield escape(t_2((environment.getattr((undefined(name='size') if l_0_size is missing else l_0_size), 'node_width') - 11)))
            yield '" y="45" class="took">'
            yield escape(environment.getattr(l_1_node, 'duration'))
            yield '</text></a>\n'
    l_1_node = missing
    yield '<g class="labels">\n'
    def t_3(fiter):
        for l_1_line in fiter:
            if environment.getattr(l_1_line, 'label'):
                yield l_1_line
    for l_1_line in t_3(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'lines')):
        _loop_vars = {}
        pass
        yield '<text x="'
        yield escape(t_2(environment.getattr(l_1_line, 'x')))
        yield '" y="'
        yield escape(t_2((environment.getattr(l_1_line, 'y') - 5)))
        yield '">'
        yield escape(environment.getattr(l_1_line, 'label'))
        yield '</text>\n'
    l_1_line = missing
    yield '</g>\n</svg>'


def icons_svg(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    pass
    yield '<svg width="0" height="0" class="icons" aria-hidden="true">\n<defs>\n<symbol id="i-success" viewBox="0 0 16 16"><circle class="disc" cx="8" cy="8" r="7.5"/><path class="sign" d="m4.6 8.3 2.3 2.3 4.5-4.9"/></symbol>\n<symbol id="i-failed" viewBox="0 0 16 16"><path class="disc" d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z"/><path class="sign" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4"/></symbol>\n<symbol id="i-skipped" viewBox="0 0 16 16"><circle class="ring dashed" cx="8" cy="8" r="6.7"/><path class="line" d="M4.8 8h6m-2.3-2.5L11 8l-2.5 2.5"/></symbol>\n<symbol id="i-cancelled" viewBox="0 0 16 16"><circle class="ring" cx="8" cy="8" r="6.7"/><rect class="fill" x="5.4" y="5.4" width="5.2" height="5.2" rx="1"/></symbol>\n<symbol id="i-cached" viewBox="0 0 16 16"><circle class="disc" cx="8" cy="8" r="7.5"/><path class="sign" d="M8.8 3.5 5.3 8.7h2.6l-.7 3.8 3.5-5.2H8.1z"/></symbol>\n<symbol id="i-pending" viewBox="0 0 16 16"><circle class="ring dashed" cx="8" cy="8" r="6.7"/></symbol>\n<symbol id="i-ready" viewBox="0 0 16 16"><circle class="ring dashed" cx="8" cy="8" r="6.7"/></symbol>\n<symbol id="i-running" viewBox="0 0 16 16"><circle class="ring" cx="8" cy="8" r="6.7"/><path class="fill" d="M8 3.5a4.5 4.5 0 0 1 0 9z"/></symbol>\n<symbol id="i-warning" viewBox="0 0 16 16"><path class="disc" d="M8 .8c.5 0 .9.3 1.2.7l6.2 11.5c.5 1-.2 2.2-1.3 2.2H1.9c-1.1 0-1.8-1.2-1.3-2.2L6.8 1.5c.3-.4.7-.7 1.2-.7z"/><path class="sign" d="M8 5.3v4.2m0 2.4v.1"/></symbol>\n<symbol id="i-note" viewBox="0 0 16 16"><circle class="ring" cx="8" cy="8" r="6.7"/><path class="line" d="M8 7.4v4M8 4.7v.1"/></symbol>\n<symbol id="i-connect" viewBox="0 0 16 16"><path class="line" d="M5.5 1.5v3m5-3v3m-7 0h9v2.5a4.5 4.5 0 0 1-9 0zM8 11.5v3"/></symbol>\n<symbol id="i-ingest" viewBox="0 0 16 16"><path class="line" d="M8 1.5v8m-3-3 3 3 3-3m-9 4v3h12v-3"/></symbol>\n<symbol id="i-transform" viewBox="0 0 16 16"><path class="line" d="M2 4.5h6m4 0h2m-12 7h2m4 0h6M8 2.7v3.6h4V2.7zM4 9.7v3.6h4V9.7z"/></symbol>\n<symbol id="i-store" viewBox="0 0 16 16"><path class="line" d="M2.5 3.7c0-2.9 11-2.9 11 0v8.6c0 2.9-11 2.9-11 0zc0 2.9 11 2.9 11 0M2.5 8c0 2.9 11 2.9 11 0"/></symbol>\n<symbol id="i-publish" viewBox="0 0 16 16"><path class="line" d="M8 10V2M5 5l3-3 3 3m-9 5v4h12v-4"/></symbol>\n<symbol id="i-step" viewBox="0 0 16 16"><rect class="ring" x="2.5" y="2.5" width="11" height="11" rx="2"/></symbol>\n</defs>\n</svg>'


def parts_html(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    l_0_icon = l_0_moment = l_0_pairs = l_0_ports = l_0_column_rows = l_0_sample = missing
    try:
        t_1 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    def macro(l_1_name):
        t_2 = []
        if l_1_name is missing:
            l_1_name = undefined("parameter 'name' was not provided", name='name')
        pass
        t_2.extend((
            '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="#i-',
            escape(l_1_name),
            '"/></svg>',
        ))
        return concat(t_2)
    context.exported_vars.add('icon')
    context.vars['icon'] = l_0_icon = Macro(environment, macro, 'icon', ('name',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_when, l_1_words):
        t_3 = []
        if l_1_when is missing:
            l_1_when = undefined("parameter 'when' was not provided", name='when')
        if l_1_words is missing:
            l_1_words = undefined("parameter 'words' was not provided", name='words')
        pass
        t_3.extend((
            '<time datetime="',
            escape(context.call(environment.getattr(l_1_when, 'isoformat'))),
            '" title="',
            escape(context.call(environment.getattr(l_1_words, 'moment'), l_1_when)),
            '">',
            escape(context.call(environment.getattr(l_1_words, 'moment'), l_1_when)),
            '</time>',
        ))
        return concat(t_3)
    context.exported_vars.add('moment')
    context.vars['moment'] = l_0_moment = Macro(environment, macro, 'moment', ('when', 'words'), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_values):
        t_4 = []
        if l_1_values is missing:
            l_1_values = undefined("parameter 'values' was not provided", name='values')
        pass
        t_4.append(
            '<table class="pairs">\n',
        )
        for (l_2_name, l_2_value) in l_1_values:
            _loop_vars = {}
            pass
            t_4.extend((
                '<tr><th scope="row"><bdi>',
                escape(l_2_name),
                '</bdi></th><td><bdi>',
                escape(l_2_value),
                '</bdi></td></tr>\n',
            ))
        l_2_name = l_2_value = missing
        t_4.append(
            '</table>\n',
        )
        return concat(t_4)
    context.exported_vars.add('pairs')
    context.vars['pairs'] = l_0_pairs = Macro(environment, macro, 'pairs', ('values',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_title, l_1_ports):
        t_5 = []
        if l_1_title is missing:
            l_1_title = undefined("parameter 'title' was not provided", name='title')
        if l_1_ports is missing:
            l_1_ports = undefined("parameter 'ports' was not provided", name='ports')
        pass
        t_5.extend((
            '<div>\n<h4>',
            escape(l_1_title),
            '</h4>\n<ul class="ports">\n',
        ))
        for l_2_port in l_1_ports:
            _loop_vars = {}
            pass
            t_5.extend((
                '<li><code><bdi>',
                escape(environment.getattr(l_2_port, 'key')),
                '</bdi></code>',
            ))
            if (environment.getattr(l_2_port, 'name') not in (environment.getattr(l_2_port, 'key'), 'data')):
                pass
                t_5.extend((
                    ' as <code><bdi>',
                    escape(environment.getattr(l_2_port, 'name')),
                    '</bdi></code>',
                ))
            if environment.getattr(l_2_port, 'rows'):
                pass
                t_5.extend((
                    '<span class="muted">',
                    escape(environment.getattr(l_2_port, 'rows')),
                ))
                if environment.getattr(l_2_port, 'columns'):
                    pass
                    t_5.extend((
                        ', ',
                        escape(environment.getattr(l_2_port, 'columns')),
                    ))
                t_5.append(
                    '</span>',
                )
            if (not t_1(environment.getattr(l_2_port, 'step_id'))):
                pass
                t_5.extend((
                    '<span class="muted">from <a href="#step-',
                    escape(environment.getattr(l_2_port, 'step_id')),
                    '"><bdi>',
                    escape(environment.getattr(l_2_port, 'step')),
                    '</bdi></a></span>',
                ))
            t_5.append(
                '</li>\n',
            )
        l_2_port = missing
        t_5.append(
            '</ul>\n</div>\n',
        )
        return concat(t_5)
    context.exported_vars.add('ports')
    context.vars['ports'] = l_0_ports = Macro(environment, macro, 'ports', ('title', 'ports'), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_columns):
        t_6 = []
        if l_1_columns is missing:
            l_1_columns = undefined("parameter 'columns' was not provided", name='columns')
        pass
        for l_2_column in l_1_columns:
            _loop_vars = {}
            pass
            t_6.append(
                '<tr',
            )
            if environment.getattr(l_2_column, 'change'):
                pass
                t_6.extend((
                    ' class="d-',
                    escape(environment.getattr(l_2_column, 'change')),
                    '"',
                ))
            t_6.append(
                '><td>',
            )
            if environment.getattr(l_2_column, 'change'):
                pass
                t_6.extend((
                    '<span class="change">',
                    escape(environment.getitem({'added': '+ added', 'removed': '− removed', 'changed': '~ changed'}, environment.getattr(l_2_column, 'change'))),
                    '</span>',
                ))
            t_6.extend((
                '</td><td><bdi>',
                escape(environment.getattr(l_2_column, 'name')),
                '</bdi></td><td><code>',
            ))
            if environment.getattr(l_2_column, 'old_type'):
                pass
                t_6.extend((
                    '<s>',
                    escape(environment.getattr(l_2_column, 'old_type')),
                    '</s> → ',
                ))
            t_6.extend((
                escape(environment.getattr(l_2_column, 'type')),
                '</code></td></tr>\n',
            ))
        l_2_column = missing
        return concat(t_6)
    context.exported_vars.add('column_rows')
    context.vars['column_rows'] = l_0_column_rows = Macro(environment, macro, 'column_rows', ('columns',), False, False, False, context.eval_ctx.autoescape)
    yield '\n'
    def macro(l_1_table, l_1_key):
        t_7 = []
        if l_1_table is missing:
            l_1_table = undefined("parameter 'table' was not provided", name='table')
        if l_1_key is missing:
            l_1_key = undefined("parameter 'key' was not provided", name='key')
        pass
        t_7.append(
            '<div class="scroll" tabindex="0" role="region" aria-label="Sample rows, scrollable">\n<table class="sample">\n<caption>',
        )
        if l_1_key:
            pass
            t_7.extend((
                '<code><bdi>',
                escape(l_1_key),
                '</bdi></code> · ',
            ))
        t_7.append(
            escape(environment.getattr(l_1_table, 'note')),
        )
        if environment.getattr(l_1_table, 'hidden_columns'):
            pass
            t_7.extend((
                ' · ',
                escape(environment.getattr(l_1_table, 'hidden_columns')),
                ' more columns not shown',
            ))
        t_7.append(
            '</caption>\n<thead><tr>',
        )
        for l_2_column in environment.getattr(l_1_table, 'headings'):
            _loop_vars = {}
            pass
            t_7.append(
                '<th scope="col"',
            )
            if environment.getattr(l_2_column, 'is_numeric'):
                pass
                t_7.append(
                    ' class="number"',
                )
            t_7.extend((
                '><bdi>',
                escape(environment.getattr(l_2_column, 'name')),
                '</bdi>',
            ))
            if environment.getattr(l_2_column, 'type'):
                pass
                t_7.extend((
                    '<small>',
                    escape(environment.getattr(l_2_column, 'type')),
                    '</small>',
                ))
            t_7.append(
                '</th>',
            )
        l_2_column = missing
        t_7.append(
            '</tr></thead>\n<tbody>\n',
        )
        for l_2_row in environment.getattr(l_1_table, 'rows'):
            _loop_vars = {}
            pass
            t_7.append(
                '<tr>',
            )
            for (l_3_cell, l_3_column) in l_2_row:
                _loop_vars = {}
                pass
                t_7.append(
                    '<td',
                )
                if ((environment.getattr(l_3_cell, 'kind') != 'text') or environment.getattr(l_3_column, 'is_numeric')):
                    pass
                    t_7.extend((
                        ' class="',
                        escape(environment.getattr(l_3_cell, 'kind')),
                    ))
                    if (environment.getattr(l_3_column, 'is_numeric') and (environment.getattr(l_3_cell, 'kind') != 'number')):
                        pass
                        t_7.append(
                            ' number',
                        )
                    t_7.append(
                        '"',
                    )
                if environment.getattr(l_3_cell, 'full'):
                    pass
                    t_7.extend((
                        ' title="',
                        escape(environment.getattr(l_3_cell, 'full')),
                        '"',
                    ))
                t_7.append(
                    '>',
                )
                if (environment.getattr(l_3_cell, 'kind') == 'text'):
                    pass
                    t_7.extend((
                        '<bdi>',
                        escape(environment.getattr(l_3_cell, 'text')),
                        '</bdi>',
                    ))
                else:
                    pass
                    t_7.append(
                        escape(environment.getattr(l_3_cell, 'text')),
                    )
                t_7.append(
                    '</td>',
                )
            l_3_cell = l_3_column = missing
            t_7.append(
                '</tr>\n',
            )
        l_2_row = missing
        t_7.append(
            '</tbody>\n</table>\n</div>\n',
        )
        return concat(t_7)
    context.exported_vars.add('sample')
    context.vars['sample'] = l_0_sample = Macro(environment, macro, 'sample', ('table', 'key'), False, False, False, context.eval_ctx.autoescape)


def story_html(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    l_0_style_hash = resolve('style_hash')
    l_0_script_hash = resolve('script_hash')
    l_0_title = resolve('title')
    l_0_outcome = resolve('outcome')
    l_0_style = resolve('style')
    l_0_mark = resolve('mark')
    l_0_lineage = resolve('lineage')
    l_0_words = resolve('words')
    l_0_timeline = resolve('timeline')
    l_0_failed_step = resolve('failed_step')
    l_0_cards = resolve('cards')
    l_0_failed = resolve('failed')
    l_0_failed_too = resolve('failed_too')
    l_0_fix = resolve('fix')
    l_0_totals = resolve('totals')
    l_0_findings = resolve('findings')
    l_0_graph = resolve('graph')
    l_0_is_brief = resolve('is_brief')
    l_0_statuses = resolve('statuses')
    l_0_limits = resolve('limits')
    l_0_tracking = resolve('tracking')
    l_0_parameters = resolve('parameters')
    l_0_script = resolve('script')
    l_0_parts = missing
    try:
        t_1 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_2 = environment.filters['lower']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'lower' found.")
    try:
        t_3 = environment.filters['safe']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'safe' found.")
    try:
        t_4 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    l_0_parts = context.vars['parts'] = environment.get_template('parts.html.j2', 'story.html.j2')._get_default_module(context)
    context.exported_vars.discard('parts')
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'sha256-'
    yield escape((undefined(name='style_hash') if l_0_style_hash is missing else l_0_style_hash))
    yield "'; script-src 'sha256-"
    yield escape((undefined(name='script_hash') if l_0_script_hash is missing else l_0_script_hash))
    yield '\'; img-src data:; base-uri \'none\'; form-action \'none\'">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n<title>'
    yield escape((undefined(name='title') if l_0_title is missing else l_0_title))
    yield ': '
    yield escape(t_2((undefined(name='outcome') if l_0_outcome is missing else l_0_outcome)))
    yield '</title>\n<link rel="icon" href="data:,">\n<style>'
    yield escape(t_3((undefined(name='style') if l_0_style is missing else l_0_style)))
    yield '</style>\n</head>\n<body>\n'
    template = environment.get_template('icons.svg.j2', 'story.html.j2')
    gen = template.root_render_func(template.new_context(context.get_all(), True, {'failed': l_0_failed, 'fix': l_0_fix, 'parts': l_0_parts}))
    try:
        for event in gen:
            yield event
    finally: gen.close()
    yield '<a class="skip" href="#steps">Skip to the steps</a>\n<header class="page-head s-'
    yield escape((undefined(name='mark') if l_0_mark is missing else l_0_mark))
    yield '">\n  <div class="outcome">'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), (undefined(name='mark') if l_0_mark is missing else l_0_mark)))
    yield '<span>'
    yield escape((undefined(name='outcome') if l_0_outcome is missing else l_0_outcome))
    yield '</span></div>\n  <div class="heading">\n    <h1><bdi>'
    yield escape((undefined(name='title') if l_0_title is missing else l_0_title))
    yield '</bdi></h1>\n'
    if ((undefined(name='title') if l_0_title is missing else l_0_title) != environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'pipeline_name')):
        pass
        yield '<p class="muted">Pipeline <bdi>'
        yield escape(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'pipeline_name'))
        yield '</bdi></p>'
    if environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'description'):
        pass
        yield '<p class="muted"><bdi>'
        yield escape(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'description'))
        yield '</bdi></p>'
    yield '    <p class="when">\n      '
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'moment'), environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'start_time'), (undefined(name='words') if l_0_words is missing else l_0_words)))
    yield ' · took <strong>'
    yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'duration'), environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'total_duration_ms')))
    yield '</strong>\n'
    if environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'engine'):
        pass
        yield '· engine <strong>'
        yield escape(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'engine'))
        yield '</strong>'
    yield '    </p>\n  </div>\n  <nav aria-label="On this page">\n    <a href="#graph">Graph</a>\n'
    if (undefined(name='timeline') if l_0_timeline is missing else l_0_timeline):
        pass
        yield '<a href="#timeline">Timeline</a>'
    yield '    <a href="#steps">Steps</a>\n    <a href="#run">Run</a>\n  </nav>\n</header>\n<main>\n'
    if (environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error') or (not t_4((undefined(name='failed_step') if l_0_failed_step is missing else l_0_failed_step)))):
        pass
        yield '<section class="failure" aria-labelledby="failure-title">\n  <h2 id="failure-title">'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), 'failed'))
        yield ' What went wrong</h2>\n'
        l_0_failed = (environment.getitem((undefined(name='cards') if l_0_cards is missing else l_0_cards), (undefined(name='failed_step') if l_0_failed_step is missing else l_0_failed_step)) if (not t_4((undefined(name='failed_step') if l_0_failed_step is missing else l_0_failed_step))) else None)
        context.vars['failed'] = l_0_failed
        context.exported_vars.add('failed')
        if (undefined(name='failed') if l_0_failed is missing else l_0_failed):
            pass
            yield '<p>Step <a href="#step-'
            yield escape(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'id'))
            yield '"><strong><bdi>'
            yield escape(environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'step_name'))
            yield '</bdi></strong></a> '
            if environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'kind'):
                pass
                yield '('
                yield escape(environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'kind'))
                if environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'layer'):
                    pass
                    yield ' in <bdi>'
                    yield escape(environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'layer'))
                    yield '</bdi>'
                yield ') '
            yield 'failed'
            if environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'retry_count'):
                pass
                yield ' after '
                yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'retry_count'), 'retry', 'retries'))
            yield '.</p>'
        if (undefined(name='failed_too') if l_0_failed_too is missing else l_0_failed_too):
            pass
            yield '<p>'
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), (undefined(name='failed_too') if l_0_failed_too is missing else l_0_failed_too), 'more step', 'more steps'))
            yield ' failed too; their cards below are open.</p>'
        if (environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error') and environment.getattr(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error'), 'where')):
            pass
            yield '<p class="muted">Where: <bdi>'
            yield escape(environment.getattr(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error'), 'where'))
            yield '</bdi></p>'
        yield '  <pre class="message" tabindex="0">'
        yield escape((environment.getattr(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error'), 'message') if environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error') else (environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'error_message') or 'No message was recorded.')))
        yield '</pre>\n'
        l_0_fix = ((environment.getattr(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error'), 'fix') if environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'error') else None) or (environment.getattr(environment.getattr((undefined(name='failed') if l_0_failed is missing else l_0_failed), 'step'), 'fix') if (undefined(name='failed') if l_0_failed is missing else l_0_failed) else None))
        context.vars['fix'] = l_0_fix
        context.exported_vars.add('fix')
        if (undefined(name='fix') if l_0_fix is missing else l_0_fix):
            pass
            yield '<p class="fix"><strong>To mend it:</strong> <bdi>'
            yield escape((undefined(name='fix') if l_0_fix is missing else l_0_fix))
            yield '</bdi></p>'
        yield '</section>\n'
    yield '<section aria-label="Totals">\n  <dl class="totals">\n'
    for l_1_total in (undefined(name='totals') if l_0_totals is missing else l_0_totals):
        _loop_vars = {}
        pass
        yield '    <div'
        if environment.getattr(l_1_total, 'mark'):
            pass
            yield ' class="is-'
            yield escape(environment.getattr(l_1_total, 'mark'))
            yield '"'
        yield '><dt>'
        yield escape(environment.getattr(l_1_total, 'label'))
        yield '</dt><dd>'
        yield escape(environment.getattr(l_1_total, 'value'))
        if environment.getattr(l_1_total, 'note'):
            pass
            yield '<small>'
            yield escape(environment.getattr(l_1_total, 'note'))
            yield '</small>'
        yield '</dd></div>\n'
    l_1_total = missing
    yield '  </dl>\n</section>\n'
    if (undefined(name='findings') if l_0_findings is missing else l_0_findings):
        pass
        yield '<section class="findings" aria-labelledby="findings-title">\n  <h2 id="findings-title">Worth a look</h2>\n  <ul>\n'
        for l_1_finding in (undefined(name='findings') if l_0_findings is missing else l_0_findings):
            _loop_vars = {}
            pass
            yield '    <li class="is-'
            yield escape(environment.getattr(l_1_finding, 'mark'))
            yield '">'
            yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), environment.getattr(l_1_finding, 'mark'), _loop_vars=_loop_vars))
            yield '<span>'
            if (not t_4(environment.getattr(l_1_finding, 'step_id'))):
                pass
                yield '<a href="#step-'
                yield escape(environment.getattr(l_1_finding, 'step_id'))
                yield '"><bdi>'
                yield escape(environment.getattr(l_1_finding, 'step'))
                yield '</bdi></a> '
            yield '<bdi>'
            yield escape(environment.getattr(l_1_finding, 'text'))
            yield '</bdi></span></li>\n'
        l_1_finding = missing
        yield '  </ul>\n</section>\n'
    yield '<section id="graph" aria-labelledby="graph-title">\n  <div class="section-head">\n    <h2 id="graph-title">Graph</h2>\n    <div class="zoom" data-zooms="graph-drawing" hidden>\n      <button type="button" data-zoom="out" aria-label="Zoom out">−</button>\n      <button type="button" data-zoom="in" aria-label="Zoom in">+</button>\n      <button type="button" data-zoom="fit">Fit</button>\n      <button type="button" data-zoom="full">100 %</button>\n    </div>\n  </div>\n'
    if environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'nodes'):
        pass
        yield '  <div class="canvas" tabindex="0" role="region" aria-label="Graph of the steps, scrollable">'
        template = environment.get_template('graph.svg.j2', 'story.html.j2')
        gen = template.root_render_func(template.new_context(context.get_all(), True, {'failed': l_0_failed, 'fix': l_0_fix, 'parts': l_0_parts}))
        try:
            for event in gen:
                yield event
        finally: gen.close()
        yield '</div>\n  <p class="legend">\n'
        def t_5(fiter):
            for (l_1_layer, l_1_class) in fiter:
                if l_1_layer:
                    yield (l_1_layer, l_1_class)
        for (l_1_layer, l_1_class) in t_5(context.call(environment.getattr(environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'layers'), 'items'))):
            _loop_vars = {}
            pass
            yield '<span><i class="swatch '
            yield escape(l_1_class)
            yield '"></i><bdi>'
            yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'fit'), l_1_layer, 30, _loop_vars=_loop_vars))
            yield '</bdi></span>'
        l_1_layer = l_1_class = missing
        if environment.getattr((undefined(name='graph') if l_0_graph is missing else l_0_graph), 'lines'):
            pass
            yield '<span class="muted">Numbers on the edges are rows; a dashed edge carried none.</span>'
        yield '  </p>\n'
    else:
        pass
        yield '  <p class="empty">This pipeline has no steps.</p>\n'
    yield '</section>\n'
    if (undefined(name='timeline') if l_0_timeline is missing else l_0_timeline):
        pass
        yield '<section id="timeline" aria-labelledby="timeline-title">\n  <div class="section-head">\n    <h2 id="timeline-title">Timeline</h2>\n'
        if environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'is_packed'):
            pass
            yield '    <div class="zoom" data-zooms="timeline-drawing" hidden>\n      <button type="button" data-zoom="fit">Fit</button>\n      <button type="button" data-zoom="full">100 %</button>\n    </div>\n'
        yield '  </div>\n  <div class="canvas" tabindex="0" role="region" aria-label="Timeline of the steps, scrollable">'
        template = environment.get_template('timeline.svg.j2', 'story.html.j2')
        gen = template.root_render_func(template.new_context(context.get_all(), True, {'failed': l_0_failed, 'fix': l_0_fix, 'parts': l_0_parts}))
        try:
            for event in gen:
                yield event
        finally: gen.close()
        yield '</div>\n  <p class="legend muted">\n    Time since the run began.\n'
        if environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'is_packed'):
            pass
            yield 'Each line is a lane: steps on different lines ran at the same time.'
        if environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'has_regions'):
            pass
            yield '<span><i class="swatch hatched"></i>a region: steps that ran as one query share its time, and none has a time of its own.</span>'
        yield '    '
        yield escape(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'note'))
        yield '\n  </p>\n</section>\n'
    yield '<section id="steps"'
    if (undefined(name='is_brief') if l_0_is_brief is missing else l_0_is_brief):
        pass
        yield ' class="many"'
    yield ' aria-labelledby="steps-title">\n  <div class="section-head">\n    <h2 id="steps-title">Steps</h2>\n    <p class="counts">'
    for (l_1_status, l_1_word, l_1_number) in (undefined(name='statuses') if l_0_statuses is missing else l_0_statuses):
        _loop_vars = {}
        pass
        yield '<span class="s-'
        yield escape(l_1_status)
        yield '">'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'icon'), l_1_status, _loop_vars=_loop_vars))
        yield ' '
        yield escape(l_1_number)
        yield ' '
        yield escape(t_2(l_1_word))
        yield '</span>'
    l_1_status = l_1_word = l_1_number = missing
    yield '</p>\n  </div>\n'
    if (undefined(name='cards') if l_0_cards is missing else l_0_cards):
        pass
        yield '  <div class="tools" hidden>\n    <label class="search"><span class="hidden-label">Search steps</span><input type="search" id="search" placeholder="Search steps: name, layer, column, SQL …" autocomplete="off" spellcheck="false"></label>\n    <label><span class="hidden-label">Status</span>\n      <select id="status">\n        <option value="">All '
        yield escape(t_1((undefined(name='cards') if l_0_cards is missing else l_0_cards)))
        yield '</option>\n'
        for (l_1_status, l_1_word, l_1_number) in (undefined(name='statuses') if l_0_statuses is missing else l_0_statuses):
            _loop_vars = {}
            pass
            yield '<option value="'
            yield escape(l_1_status)
            yield '">'
            yield escape(l_1_word)
            yield ' ('
            yield escape(l_1_number)
            yield ')</option>'
        l_1_status = l_1_word = l_1_number = missing
        yield '      </select>\n    </label>\n    <button type="button" id="toggle" aria-pressed="false">Open all</button>\n    <output id="found" for="search status" aria-live="polite"></output>\n  </div>\n'
    if (undefined(name='is_brief') if l_0_is_brief is missing else l_0_is_brief):
        pass
        yield '<p class="muted">With '
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'count'), t_1((undefined(name='cards') if l_0_cards is missing else l_0_cards))))
        yield ' steps, each card shows less: samples of '
        yield escape(context.call(environment.getattr((undefined(name='words') if l_0_words is missing else l_0_words), 'plural'), environment.getattr((undefined(name='limits') if l_0_limits is missing else l_0_limits), 'sample_rows'), 'row'))
        yield ' and '
        yield escape(environment.getattr((undefined(name='limits') if l_0_limits is missing else l_0_limits), 'sample_columns'))
        yield ' columns. The lineage file has everything.</p>'
    for l_1_card in (undefined(name='cards') if l_0_cards is missing else l_0_cards):
        _loop_vars = {}
        pass
        template = environment.get_template('card.html.j2', 'story.html.j2')
        gen = template.root_render_func(template.new_context(context.get_all(), True, {'card': l_1_card, 'failed': l_0_failed, 'fix': l_0_fix, 'parts': l_0_parts}))
        try:
            for event in gen:
                yield event
        finally: gen.close()
    l_1_card = missing
    yield '</section>\n<section id="run" aria-labelledby="run-title">\n  <h2 id="run-title">Run</h2>\n  <dl class="facts">\n    <div><dt>Run id</dt><dd><code><bdi>'
    yield escape(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'execution_id'))
    yield '</bdi></code></dd></div>\n    <div><dt>Started</dt><dd>'
    yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'moment'), environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'start_time'), (undefined(name='words') if l_0_words is missing else l_0_words)))
    yield '</dd></div>\n'
    if environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'end_time'):
        pass
        yield '<div><dt>Ended</dt><dd>'
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'moment'), environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'end_time'), (undefined(name='words') if l_0_words is missing else l_0_words)))
        yield '</dd></div>'
    if (undefined(name='tracking') if l_0_tracking is missing else l_0_tracking):
        pass
        yield '<div class="wide"><dt>Tracking</dt><dd>'
        yield escape((undefined(name='tracking') if l_0_tracking is missing else l_0_tracking))
        yield '</dd></div>'
    yield '    <div class="wide"><dt>Parameters</dt><dd>'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        yield escape(context.call(environment.getattr((undefined(name='parts') if l_0_parts is missing else l_0_parts), 'pairs'), (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters)))
    else:
        pass
        yield '<span class="muted">none</span>'
    yield '</dd></div>\n  </dl>\n</section>\n</main>\n<footer><p>Made by Odibi from the lineage of run <bdi>'
    yield escape(environment.getattr((undefined(name='lineage') if l_0_lineage is missing else l_0_lineage), 'execution_id'))
    yield '</bdi>. Times are in <span id="zone">UTC</span>.</p></footer>\n<script>'
    yield escape(t_3((undefined(name='script') if l_0_script is missing else l_0_script)))
    yield '</script>\n</body>\n</html>'


def timeline_svg(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    if 0: yield None
    l_0_timeline = resolve('timeline')
    try:
        t_1 = environment.filters['px']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'px' found.")
    pass
    yield '<svg id="timeline-drawing" class="timeline" role="group" aria-label="When each step ran" width="'
    yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'width')))
    yield '" height="'
    yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'height')))
    yield '" viewBox="0 0 '
    yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'width')))
    yield ' '
    yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'height')))
    yield '">\n<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"/></pattern></defs>\n<g class="axis">\n'
    for l_1_tick in environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'ticks'):
        _loop_vars = {}
        pass
        yield '<path d="M'
        yield escape(t_1(environment.getattr(l_1_tick, 'x')))
        yield ' '
        yield escape(t_1((environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'axis_height') - 6)))
        yield 'V'
        yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'height')))
        yield '"/><text x="'
        yield escape(t_1(environment.getattr(l_1_tick, 'x')))
        yield '" y="'
        yield escape(t_1((environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'axis_height') - 11)))
        yield '">'
        yield escape(environment.getattr(l_1_tick, 'label'))
        yield '</text>\n'
    l_1_tick = missing
    yield '</g>\n'
    for l_1_bar in environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'bars'):
        _loop_vars = {}
        pass
        yield '<a href="#step-'
        yield escape(environment.getattr(l_1_bar, 'id'))
        yield '" class="bar s-'
        yield escape(environment.getattr(l_1_bar, 'status'))
        yield '" data-node="'
        yield escape(environment.getattr(l_1_bar, 'id'))
        yield '" transform="translate(0 '
        yield escape(t_1(environment.getattr(l_1_bar, 'y')))
        yield ')" aria-label="'
        yield escape(environment.getattr(l_1_bar, 'summary'))
        yield '"><title>'
        yield escape(environment.getattr(l_1_bar, 'summary'))
        yield '</title>'
        if (not environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'is_packed')):
            pass
            yield '<rect class="row" width="'
            yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'width')))
            yield '" height="'
            yield escape(t_1(environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'row_height')))
            yield '"/><use class="mark" href="#i-'
            yield escape(environment.getattr(l_1_bar, 'status'))
            yield '" x="2" y="6" width="14" height="14"/><text x="22" y="17.5">'
            yield escape(environment.getattr(l_1_bar, 'name'))
            yield '</text>'
        yield '<rect class="time" x="'
        yield escape(t_1(environment.getattr(l_1_bar, 'x')))
        yield '" y="5" width="'
        yield escape(t_1(environment.getattr(l_1_bar, 'width')))
        yield '" height="'
        yield escape(t_1((environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'row_height') - 10)))
        yield '" rx="3"/>'
        if environment.getattr(l_1_bar, 'is_region'):
            pass
            yield '<rect class="hatched" x="'
            yield escape(t_1(environment.getattr(l_1_bar, 'x')))
            yield '" y="5" width="'
            yield escape(t_1(environment.getattr(l_1_bar, 'width')))
            yield '" height="'
            yield escape(t_1((environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'row_height') - 10)))
            yield '" rx="3"/>'
        if environment.getattr(l_1_bar, 'inside'):
            pass
            yield '<text class="inside" x="'
            yield escape(t_1((environment.getattr(l_1_bar, 'x') + 5)))
            yield '" y="17">'
            yield escape(environment.getattr(l_1_bar, 'inside'))
            yield '</text>'
        if environment.getattr(l_1_bar, 'after'):
            pass
            yield '<text class="after" x="'
            yield escape(t_1(((environment.getattr(l_1_bar, 'x') + environment.getattr(l_1_bar, 'width')) + 8)))
            yield '" y="17.5">'
            yield escape(environment.getattr(l_1_bar, 'after'))
            yield '</text>'
        yield '</a>\n'
    l_1_bar = missing
    for l_1_frame in environment.getattr((undefined(name='timeline') if l_0_timeline is missing else l_0_timeline), 'frames'):
        _loop_vars = {}
        pass
        yield '<rect class="region" x="'
        yield escape(t_1((environment.getattr(l_1_frame, 'x') - 2)))
        yield '" y="'
        yield escape(t_1((environment.getattr(l_1_frame, 'y') + 2)))
        yield '" width="'
        yield escape(t_1((environment.getattr(l_1_frame, 'width') + 4)))
        yield '" height="'
        yield escape(t_1((environment.getattr(l_1_frame, 'height') - 4)))
        yield '" rx="5"><title>'
        yield escape(environment.getattr(l_1_frame, 'summary'))
        yield '</title></rect>\n'
    l_1_frame = missing
    yield '</svg>'


environment.roots = {
    "card.html.j2": card_html,
    "graph.svg.j2": graph_svg,
    "icons.svg.j2": icons_svg,
    "parts.html.j2": parts_html,
    "story.html.j2": story_html,
    "timeline.svg.j2": timeline_svg,
}
