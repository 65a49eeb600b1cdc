"""The GraphQL documents that monday.com is asked with; what is read of each thing is named once."""

ITEM = """
  id name url state created_at updated_at creator { id name } board { id name } group { id title }
  column_values { id type text value column { title } }
"""
BOARD = "id name url state items_count owners { id name } workspace { id name }"
UPDATE = "id body text_body created_at creator { id name } item_id"
PAGE = f"cursor items {{ {ITEM} }}"

ME = "query { me { id email account { slug } } }"
USERS = """
  query ($name: String, $emails: [String!], $ids: [ID!], $limit: Int = 25, $page: Int = 1) {
    users(name: $name, emails: $emails, ids: $ids, limit: $limit, page: $page) { id name email status }
  }
"""
WORKSPACES = "query ($limit: Int = 100, $page: Int = 1) { workspaces(limit: $limit, page: $page) { id name } }"
BOARDS = f"""
  query ($ids: [ID!], $workspaces: [ID], $limit: Int = 25, $page: Int = 1) {{
    boards(ids: $ids, workspace_ids: $workspaces, limit: $limit, page: $page, order_by: used_at, state: active) {{
      {BOARD}
    }}
  }}
"""
LAYOUT = """
  query ($ids: [ID!]) {
    boards(ids: $ids) { id name groups { id title archived deleted } columns { id title type archived settings_str } }
  }
"""
FIND_BOARDS = """
  query ($query: String!, $limit: Int) {
    search { boards(query: $query, limit: $limit) { results { id indexed_data { name } } } }
  }
"""
FIND_ITEMS = f"""
  query ($query: String!, $limit: Int, $boards: [ID!]) {{
    search {{ items(query: $query, limit: $limit, board_ids: $boards) {{ results {{ id live_data {{ {ITEM} }} }} }} }}
  }}
"""
ITEMS = f"query ($ids: [ID!], $limit: Int = 100) {{ items(ids: $ids, limit: $limit) {{ {ITEM} }} }}"
BOARD_ITEMS = f"""
  query ($board: [ID!], $limit: Int!) {{ boards(ids: $board) {{ items_page(limit: $limit) {{ {PAGE} }} }} }}
"""
GROUP_ITEMS = f"""
  query ($board: [ID!], $group: [String], $limit: Int!) {{
    boards(ids: $board) {{ groups(ids: $group) {{ items_page(limit: $limit) {{ {PAGE} }} }} }}
  }}
"""
ITEMS_BY_VALUE = f"""
  query ($board: ID!, $columns: [ItemsPageByColumnValuesQuery!], $limit: Int!) {{
    items_page_by_column_values(board_id: $board, columns: $columns, limit: $limit) {{ {PAGE} }}
  }}
"""
NEXT_ITEMS = f"""
  query ($cursor: String!, $limit: Int!) {{ next_items_page(cursor: $cursor, limit: $limit) {{ {PAGE} }} }}
"""
ITEM_UPDATES = f"""
  query ($ids: [ID!], $limit: Int) {{ items(ids: $ids) {{ id updates(limit: $limit) {{ {UPDATE} }} }} }}
"""
UPDATES = f"query ($ids: [ID!]) {{ updates(ids: $ids) {{ {UPDATE} }} }}"
LOGS = """
  query ($limit: Int, $page: Int, $begin: ISO8601DateTime) {
    boards(limit: $limit, page: $page, state: active) { id activity_logs(from: $begin, limit: 1000) { event data } }
  }
"""

CREATE_ITEM = f"""
  mutation ($board: ID!, $name: String!, $group: String, $values: JSON) {{
    create_item(board_id: $board, item_name: $name, group_id: $group, column_values: $values) {{ {ITEM} }}
  }}
"""
CHANGE_ITEM = f"""
  mutation ($board: ID!, $item: ID, $values: JSON!) {{
    change_multiple_column_values(board_id: $board, item_id: $item, column_values: $values) {{ {ITEM} }}
  }}
"""
MOVE_ITEM = f"""
  mutation ($item: ID, $group: String!) {{ move_item_to_group(item_id: $item, group_id: $group) {{ {ITEM} }} }}
"""
ARCHIVE_ITEM = "mutation ($item: ID) { archive_item(item_id: $item) { id } }"
DELETE_ITEM = "mutation ($item: ID) { delete_item(item_id: $item) { id } }"
CREATE_UPDATE = f"""
  mutation ($item: ID, $body: String!, $mentions: [UpdateMention]) {{
    create_update(item_id: $item, body: $body, mentions_list: $mentions) {{ {UPDATE} }}
  }}
"""
DELETE_UPDATE = "mutation ($update: ID!) { delete_update(id: $update) { id } }"
