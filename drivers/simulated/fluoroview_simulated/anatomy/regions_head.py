"""x"""
def head_and_neck():
    return []
